"""All advice about indexes of one case, judged together.

Each piece of advice alone may be harmless and all of them taken together still rob a statement of
its last index: an index is dropped because another one has its columns, and that one because
nobody reads it. So each index that could go is weighed against those that remain, in one order, and
goes only if every statement, foreign key and uniqueness that was seen is served as well without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from dbsbm.optimizer.missing import Missing
from dbsbm.optimizer.rules.indexes.covering import wanted_coverings, with_columns_read
from dbsbm.optimizer.rules.indexes.demand import Wanted, wanted_indexes
from dbsbm.optimizer.rules.indexes.estimate import Estimator
from dbsbm.optimizer.rules.indexes.guard import Guard
from dbsbm.optimizer.rules.indexes.redundancy import Redundancy, redundancies
from dbsbm.optimizer.rules.indexes.use_counts import unread_indexes
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.model import Index, Table


@dataclass(slots=True)
class Judgement:
    """What to do about the indexes of a server.

    Attributes:
        wanted: Indexes to add, each with those that it replaces.
        redundant: Indexes to drop because another one serves as well.
        unused: Indexes to drop because nothing uses them.
    """

    wanted: list[tuple[Wanted, tuple[Index, ...]]] = field(default_factory=list)
    redundant: list[Redundancy] = field(default_factory=list)
    unused: list[tuple[Table, Index]] = field(default_factory=list)


def judge(case: Case) -> Judgement:
    """Judge every index of a case, those that exist and those that lack."""
    estimator = Estimator(case)
    guard = Guard(case, estimator)
    judgement = Judgement(redundant=[each for each in redundancies(case) if _is_free(each, guard)])
    partners = {_key(each.table, each.kept) for each in judgement.redundant}
    for table, index in unread_indexes(case):
        if _key(table, index) not in partners and guard.release(table, index):
            judgement.unused.append((table, index))
    # Last: what is dropped must not count on an index that nobody may ever add.
    wanted = [] if isinstance(case.snapshot.load, Missing) else _wanted(case, estimator)
    for each in wanted:
        guard.add(each.table, each.columns)
    for each in wanted:
        replaced = [index for index in _beginnings(each) if guard.release(each.table, index)]
        judgement.wanted.append((each, tuple(replaced)))
    return judgement


def is_wanted(case: Case, table: Table, columns: tuple[str, ...]) -> bool:
    """Tell whether `index.missing` asks for an index that begins with these columns."""
    return any(
        wanted.table is table and wanted.columns[: len(columns)] == columns
        for wanted, _ in case.once(judge).wanted
    )


def _is_free(redundancy: Redundancy, guard: Guard) -> bool:
    return guard.release(redundancy.table, redundancy.index)


def _wanted(case: Case, estimator: Estimator) -> list[Wanted]:
    found = [with_columns_read(each, case) for each in wanted_indexes(case, estimator)]
    begun = {(each.table.schema, each.table.name, each.columns[:1]) for each in found}
    for each in wanted_coverings(case, estimator):
        key = (each.table.schema, each.table.name, each.columns[:1])
        if key not in begun:  # one change of an index at a time
            begun.add(key)
            found.append(each)
    return found


def _key(table: Table, index: Index) -> tuple[str, str, str]:
    return table.schema, table.name, index.name


def _beginnings(wanted: Wanted) -> Iterator[Index]:
    """Indexes that are a beginning of the new one, which extends them."""
    for index in wanted.table.indexes:
        count = len(index.parts)
        plain = index.kind == "BTREE" and index.enabled and not index.unique
        plain = plain and not any(part.descending for part in index.parts)
        is_begun = index.columns == wanted.columns[:count] and len(index.columns) == count
        if plain and is_begun:
            yield index
