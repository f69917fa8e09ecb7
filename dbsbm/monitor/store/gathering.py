"""The points that answer a question, group by group, out of as few series as hold them all."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from dbsbm.monitor.store.finding import Asked, Groups, Split, Values, find, find_split
from dbsbm.monitor.store.reading import Group
from dbsbm.monitor.store.rows import QUANTILES, Only, PointRow, Stretch, read_rows

_Rows = Mapping[Values, list[PointRow]]


def gather(
    session: Session, asked: Asked, parts: Iterable[Stretch], seconds: int, only: Only
) -> list[Group]:
    """Each group that has any points, sorted by its labels.

    Args:
        session: Where to read.
        asked: The question.
        parts: The parts of its span, in the order of time.
        seconds: Length of the points that will be made of these.
        only: What is wanted of them.
    """
    gatherer = _Gatherer(session, asked, seconds, only)
    rows: dict[Values, list[PointRow]] = defaultdict(list)
    for part in parts:
        for values, found in gatherer.rows(part).items():
            rows[values] += found
    return [
        Group(dict(zip(asked.by, values, strict=True)), gatherer.kind(values), rows[values])
        for values in sorted(rows)
    ]


class _Gatherer:
    def __init__(self, session: Session, asked: Asked, seconds: int, only: Only) -> None:
        self._session = session
        self._asked = asked
        self._seconds = seconds
        self._only = only
        self._split = find_split(session, asked)
        self._sets: Groups | None = None

    def kind(self, values: Values) -> str:
        """What the values of a group mean together."""
        groups = self._split.groups if self._split and values in self._split.groups else None
        return (groups or self._label_sets())[values][0].kind

    def rows(self, part: Stretch) -> _Rows:
        """The points of each group in a part of the span.

        Totals by the label that is asked for are read where they are kept, but only as far as they
        hold all that was counted: before they were kept, and while some samplers of a fleet that
        is upgraded do not know them yet, the label sets are read.
        """
        if self._split is None:
            return self._read(self._label_sets(), part)
        found = self._read(self._split.groups, part)
        last = self._last_missing(self._split, found, part)
        if last is None:
            return found
        edge = datetime.fromtimestamp(last + part.resolution, UTC)
        older = self._read(self._label_sets(), part._replace(until=min(edge, part.until)))
        newer = {
            values: kept
            for values, rows in found.items()
            if (kept := [row for row in rows if row.stamp > last])
        }
        return {
            values: [*older.get(values, ()), *newer.get(values, ())]
            for values in older.keys() | newer.keys()
        }

    def _last_missing(self, split: Split, found: _Rows, part: Stretch) -> int | None:
        """When the last point starts of which something is counted in the total alone."""
        ids = [split.total.id, *(series.id for series in split.others)]
        counts: Counter[int] = Counter()
        for row in read_rows(self._session, ids, part, frozenset()):
            counts[row.stamp] += row.number if row.series_id == split.total.id else -row.number
        for rows in found.values():
            for row in rows:
                counts[row.stamp] -= row.number
        return max((stamp for stamp, missing in counts.items() if missing), default=None)

    def _label_sets(self) -> Groups:
        if self._sets is None:
            self._sets = find(self._session, self._asked)
        return self._sets

    def _read(self, groups: Groups, part: Stretch) -> _Rows:
        place = {series.id: values for values, own in groups.items() for series in own}
        found: dict[Values, list[PointRow]] = defaultdict(list)
        for ids, only in self._reads(groups, part):
            for row in read_rows(self._session, ids, part, only):
                found[place[row.series_id]].append(row)
        return found

    def _reads(self, groups: Groups, part: Stretch) -> Sequence[tuple[list[int], Only]]:
        """Series, and what to read of them: their sketches where several points become one."""
        ids = [[series.id for series in own] for own in groups.values()]
        several = [each for own in ids for each in own if len(own) > 1]
        alone = [own[0] for own in ids if len(own) == 1]
        if self._only is None or self._only.isdisjoint(QUANTILES):
            return [(several + alone, self._only)]
        stored = self._only if part.resolution == self._seconds else None
        return [(several, None), (alone, stored)]
