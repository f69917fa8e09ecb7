"""Which indexes the whole load wants and no table has."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from dbsbm.optimizer.rules.indexes.candidate import Candidate, candidates
from dbsbm.optimizer.rules.indexes.estimate import Estimator, Read
from dbsbm.optimizer.rules.indexes.holding import lacking_columns
from dbsbm.optimizer.rules.indexes.pages import scanned
from dbsbm.optimizer.rules.indexes.reading import MIN_CALLS, rows_read
from dbsbm.optimizer.rules.indexes.searching import Way, planned, ways
from dbsbm.optimizer.rules.indexes.uses import Use, shapes_within, uses
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Load, Table
from dbsbm.optimizer.statements.shape import Shape

MIN_ROWS = 1_000
"""Rows of a table that are read within milliseconds whatever the plan."""
MIN_READ = 100
"""Rows a run below which nobody notices how they are found."""
MIN_GAIN = 5.0
"""How many times fewer rows an index must promise: estimates are off by 2 or 3 at times."""
OPEN_GAIN = 2.0
"""The same where a range is open on one side and what is read is added up: that it holds a third of
the rows is a guess, and the index alone is read, of which a page holds many times more."""
STEP = 2.0
"""How many times fewer rows each further index of a statement must promise."""
MIN_SAVED = 2_000
"""Rows that all runs together must save; less is not worth a change of the schema."""
WRITE_COST = 20
"""Rows that could be read for what keeping an index up costs a statement that writes. Assumption:
a page is read and written for each entry, where a scan reads some dozens of rows a page."""
FEW = 25
"""Rows a run that are fetched one by one without anybody noticing."""
WORTH = 0.4
"""Share of the pages: an index that leaves more of them to be read has to hold what it lacks."""
PART = 0.1
"""Or the share of all that the statement reads, where it reads several tables whole."""
ALIKE = 1.3
"""How many times more rows make no difference: less than the error of an estimate."""
MOST_INDEXES = 3
"""Indexes that one statement may ask for."""


@dataclass(frozen=True, slots=True)
class Served:
    """A statement and what an index would do for it.

    Attributes:
        before: Rows that a run reads.
        after: Rows that a run would read.
        holding: Columns that the index has to hold besides, or fetching each row for them would
            cost most of what it spares.
    """

    load: Load
    before: float
    after: float
    holding: tuple[str, ...] = ()

    @property
    def saved(self) -> float:
        """Rows that all its runs together would save."""
        return (self.before - self.after) * self.load.calls


@dataclass(frozen=True, slots=True)
class Wanted:
    """An index that lacks.

    Attributes:
        columns: In the order of the index.
        served: The statements that want it, those that save most first.
    """

    table: Table
    columns: tuple[str, ...]
    served: tuple[Served, ...]


@dataclass(slots=True)
class _Ask:
    candidate: Candidate
    served: list[Served] = field(default_factory=list)


def wanted_indexes(case: Case, estimator: Estimator) -> list[Wanted]:
    """The indexes that pay, as few as serve all statements, those that save most first."""
    asks: dict[tuple[str, str], list[_Ask]] = defaultdict(list)
    planner = _Planner(case, estimator)
    for load in sorted(case.load, key=lambda load: -load.calls * rows_read(case, load)):
        shape = case.shapes.get(load.digest)
        if shape is None or not is_expensive(case, load):
            continue
        for candidate, served in planner.plan(load, shape):
            _join(asks[candidate.table.schema, candidate.table.name], candidate, served)
    writes = writes_by_table(case)
    found = [
        _wanted(ask, estimator)
        for key, each in asks.items()
        for ask in each
        if _pays(ask, writes[key])
    ]
    return sorted(found, key=lambda wanted: -sum(each.saved for each in wanted.served))


def is_expensive(case: Case, load: Load) -> bool:
    """Tell whether a statement reads enough, often enough, to be looked at."""
    return load.calls >= MIN_CALLS and rows_read(case, load) >= MIN_READ


def writes_by_table(case: Case) -> Counter[tuple[str, str]]:
    """Runs of statements that add or remove rows, by table.

    Runs, not rows: what is written in bulk shares its pages.
    """
    writes: Counter[tuple[str, str]] = Counter()
    for load in case.load:
        shape = case.shapes.get(load.digest)
        if shape is not None and shape.verb in {"insert", "replace", "delete"}:
            for source in shape.sources[:1]:
                writes[source.schema, source.table] += load.calls
    return writes


def best_for(
    case: Case, estimator: Estimator, load: Load, shape: Shape
) -> list[tuple[Candidate, Served]]:
    """The indexes that one statement would want if it had this shape."""
    return list(_Planner(case, estimator).plan(load, shape))


class _Planner:
    """Chooses indexes for one statement after the other, with those chosen before."""

    def __init__(self, case: Case, estimator: Estimator) -> None:
        self._case = case
        self._estimator = estimator
        self._chosen: dict[tuple[str, str], list[Way]] = defaultdict(list)

    def plan(self, load: Load, shape: Shape) -> Iterator[tuple[Candidate, Served]]:
        observed = rows_read(self._case, load)
        tried: dict[tuple[str, str], list[Way]] = defaultdict(list)
        picked: list[Candidate] = []
        left: list[float] = []  # rows that are read with all that were picked so far
        start = self._read(load, shape, tried)
        now = before = start.rows
        options = list(self._options(shape))
        for _ in range(MOST_INDEXES):
            best, rows = self._best(load, shape, options, tried)
            if best is None or (rows * STEP > now and now - rows < PART * before):
                break
            tried[best.table.schema, best.table.name].append(_way(best))
            picked.append(best)
            left.append(rows)
            now = rows
        # What is observed counts sorting, too: the estimates have to differ as well.
        gain = OPEN_GAIN if _is_open_count(shape, self._case, picked) else MIN_GAIN
        if not picked or now * gain > min(observed, before):
            return
        pages, spent = self._read(load, shape, tried).pages, _spent(start, picked, observed)
        holding: tuple[str, ...] = ()
        if now >= FEW and pages > WORTH * spent:
            holding = lacking_columns(self._case, shape, picked[0].columns)
        if not holding and now >= MIN_READ and pages > spent:
            return  # it would read more than the scan that it stands in for
        for candidate, read, rest in zip(picked, [observed, *left], left, strict=False):
            self._chosen[candidate.table.schema, candidate.table.name].append(_way(candidate))
            yield candidate, Served(load, read, rest, holding)

    def _options(self, shape: Shape) -> Iterator[Candidate]:
        seen = set()
        for each in shapes_within(shape):
            for use in uses(each, self._case):
                for found in candidates(use, self._estimator) if _is_worth(use) else ():
                    if (found.table.name, found.blocks) not in seen:
                        seen.add((found.table.name, found.blocks))
                        yield found

    def _best(
        self,
        load: Load,
        shape: Shape,
        options: list[Candidate],
        tried: dict[tuple[str, str], list[Way]],
    ) -> tuple[Candidate | None, float]:
        best: Candidate | None = None
        least = float("inf")
        for candidate in options:
            key = (candidate.table.schema, candidate.table.name)
            with_it = {**tried, key: [*tried.get(key, ()), _way(candidate)]}
            rows = self._read(load, shape, with_it).rows
            if best is None or _is_better(shape, (candidate, rows), (best, least)):
                best, least = candidate, rows
        return best, least

    def _read(self, load: Load, shape: Shape, extra: dict[tuple[str, str], list[Way]]) -> Read:
        def ways_of(table: Table) -> tuple[Way, ...]:
            key = (table.schema, table.name)
            return (*ways(table), *self._chosen.get(key, ()), *extra.get(key, ()))

        return self._estimator.statement(load, shape, ways_of)


def _spent(start: Read, picked: list[Candidate], observed: float) -> float:
    """Pages that a run reads now: those of scans, where as many rows are read as there are."""
    table = picked[0].table
    is_scan = len(picked) == 1 and observed * ALIKE >= table.rows
    scans = max(observed / max(table.rows, 1), 1.0)  # a subquery may scan for each row around it
    return min(start.pages, scanned(table, table.rows) * scans) if is_scan else start.pages


def _is_better(shape: Shape, one: tuple[Candidate, float], other: tuple[Candidate, float]) -> bool:
    """Of two that serve alike: the one that somebody meant, or that sorts; else the shorter one.

    Where a statement asks for the first rows of an order, an index in that order goes on to help as
    the table grows.
    """
    candidate, rows = one
    best, least = other
    if not least / ALIKE <= rows <= least * ALIKE:
        return rows < least
    if _is_meant(candidate) != _is_meant(best):
        return _is_meant(candidate)
    if _is_sorted_by(shape, candidate) != _is_sorted_by(shape, best):
        return _is_sorted_by(shape, candidate)
    return len(candidate.columns) < len(best.columns)


def _is_sorted_by(shape: Shape, candidate: Candidate) -> bool:
    """Tell whether the first rows that a statement asks for are those that the index has first."""
    order = tuple(frozenset((each.column.column,)) for each in shape.order)
    of_table = all(each.column.table == candidate.table.name for each in shape.order)
    return bool(order) and shape.limit is not None and of_table and candidate.ends_with(order)


def _is_meant(candidate: Candidate) -> bool:
    """Tell whether an index has just these columns, in another order."""
    return len(candidate.columns) > 1 and any(
        set(index.columns) == candidate.columns for index in candidate.table.indexes
    )


def _is_open_count(shape: Shape, case: Case, picked: list[Candidate]) -> bool:
    """Tell whether one index holds all of what an aggregate over an open range reads."""
    found = uses(shape, case)
    if len(found) != 1 or len(picked) != 1 or not shape.aggregates or shape.subqueries:
        return False
    (use,) = found
    is_open = any(not both and column in picked[0].columns for column, both in use.ranges)
    return is_open and use.read is not None and use.read <= picked[0].columns and not shape.group


def _is_worth(use: Use) -> bool:
    return use.table.rows >= MIN_ROWS


def _way(candidate: Candidate) -> Way:
    """The candidate as a search sees it, in any one of its orders."""
    return planned(candidate.table, candidate.ordered((), lambda _: 0.0))


def _join(asks: list[_Ask], candidate: Candidate, served: Served) -> None:
    """Let one index serve several statements where it can."""
    for ask in asks:
        merged = ask.candidate.merged(candidate)
        if merged is not None:
            ask.candidate = merged
            ask.served.append(served)
            return
    asks.append(_Ask(candidate, [served]))


def _pays(ask: _Ask, writes: int) -> bool:
    saved = sum(each.saved for each in ask.served)
    return saved >= max(MIN_SAVED, WRITE_COST * writes)


def _wanted(ask: _Ask, estimator: Estimator) -> Wanted:
    table = ask.candidate.table
    existing = tuple(index.columns for index in table.indexes if not index.unique)
    columns = ask.candidate.ordered(existing, estimator.rank(table))
    served = tuple(sorted(ask.served, key=lambda each: -each.saved))
    return Wanted(table, columns, served)
