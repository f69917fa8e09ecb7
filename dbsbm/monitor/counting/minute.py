"""What one process counts in one minute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from sys import getrefcount
from typing import cast

from dbsbm.monitor.counting.parcel import Parcel
from dbsbm.monitor.counting.series import COUNTER, DISTRIBUTION, GAUGE, OTHER, Kind, spell
from dbsbm.monitor.counting.sketch import Sketch
from dbsbm.monitor.counting.stats import Stats

LABEL_SETS_PER_NAME = 100
"""Label sets of one metric in one minute; all further ones share the set of `other`s."""
NAMES = 200
"""Metrics of one minute. Names are constants of the code: more than this is a bug."""
OWN = frozenset({"monitor.dropped", "monitor.shifted"})
"""What the monitor counts about itself: there is always room for that."""

# The name, then a pair for each label in the order of the call.
Key = tuple[object, ...]


class Values(list[float]):
    """Values of one series that are not added up yet, and what those before came to.

    Appending needs no lock. Whoever takes values out holds the tally's.
    """

    __slots__ = ("series", "stats")

    def __init__(self, kind: Kind, key: Key) -> None:
        super().__init__()
        name, *labels = key
        self.series = spell(kind, str(name), cast(list[tuple[str, object]], labels))
        self.stats: Stats = Sketch() if kind is DISTRIBUTION else Stats()

    def add_up(self) -> int:
        """Move the values into the statistics. Returns how many were refused."""
        values = self[:]
        del self[: len(values)]  # what is appended meanwhile stays
        return self.stats.add_all(values) if values else 0

    def take(self) -> Stats:
        """The statistics since the last time."""
        stats, self.stats = self.stats, type(self.stats)()
        return stats


class Minute:
    """The series of one minute, bounded in number. What changes it holds the tally's lock."""

    __slots__ = ("_label_sets", "by_kind", "number")

    def __init__(self, number: int) -> None:
        self.number = number
        self.by_kind: dict[Kind, dict[Key, Values]] = {DISTRIBUTION: {}, COUNTER: {}, GAUGE: {}}
        self._label_sets: Counter[object] = Counter()

    def open(self, kind: Kind, key: Key) -> Values | None:
        """The values of a series, or of the `other`s of its name; None where names are too many."""
        found = self.by_kind[kind]
        if key in found:
            return found[key]
        name = key[0]
        if name not in self._label_sets and len(self._label_sets) >= NAMES and name not in OWN:
            return None
        if self._label_sets[name] >= LABEL_SETS_PER_NAME:
            key = _overflow(key)
            if key in found:
                return found[key]
        self._label_sets[name] += 1
        return found.setdefault(key, Values(kind, key))

    def is_held(self) -> bool:
        """True where a thread holds one of the lists, and may be about to append to it."""
        return _most_references(self.by_kind) > _ALONE

    def pack(self, parcel: Parcel) -> int:
        """Move what was counted into a parcel. Returns how many values were refused."""
        refused = 0
        for by_key in self.by_kind.values():
            for values in by_key.values():
                refused += values.add_up()
                if values.stats.count:
                    parcel.add(self.number, values.series, values.take())
        return refused

    def join(self, earlier: Minute) -> tuple[int, int]:
        """Take over what an earlier minute counted.

        Returns:
            How many values were shifted to this minute, and how many were refused.
        """
        shifted = refused = 0
        for kind, by_key in earlier.by_kind.items():
            for key, values in by_key.items():
                refused += values.add_up()
                heir = self.open(kind, key)
                if heir is None:
                    refused += values.stats.count
                else:
                    shifted += values.stats.count
                    values.stats.merge(heir.stats)
                    heir.stats = values.take()
        return shifted, refused


def _overflow(key: Key) -> Key:
    name, *labels = key
    return (name, *((label, OTHER) for label, _ in cast(list[tuple[str, object]], labels)))


def _most_references(by_kind: Mapping[Kind, Mapping[Key, Values]]) -> int:
    """References to whatever of this has the most: a thread that found its list holds one."""
    most = 0
    for by_key in by_kind.values():
        most = max(most, getrefcount(by_key))
        for values in by_key.values():
            most = max(most, getrefcount(values))
    return most


# Counted, not known: Python's versions differ in how many a call itself holds.
_ALONE = _most_references({COUNTER: {(): Values(COUNTER, ("alone",))}})
