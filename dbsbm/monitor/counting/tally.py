"""Counting in one process: cheap, bounded, and never a reason for the counted work to fail."""

from __future__ import annotations

import threading
from math import inf, isfinite
from typing import cast

from dbsbm.monitor.counting.handover import Parcel, SeriesPair
from dbsbm.monitor.counting.series import NAME_LENGTH, OTHER, labels_text

LABEL_SETS_PER_NAME = 100
"""Label sets of one metric in one process; all further ones share the set of `other`s."""
NAMES = 200
"""Metrics of one process. Names are constants of the code: more than this is a bug."""
NOTES = 100
"""Notes between two parcels; further ones are dropped and counted."""

# The name, then a pair for each label in the order of the call.
_Key = tuple[object, ...]


class Tally:
    """Counters and sums with labels, safe under threads.

    A call costs about one microsecond. What cannot be counted (an unhashable label, a value that is
    no number) is itself counted, as `monitor.dropped`.
    """

    def __init__(self, *, enabled: bool = True) -> None:
        self.enabled = enabled
        self._reset()

    def _reset(self) -> None:
        """Start from nothing, with a lock that nobody holds."""
        self._lock = threading.Lock()
        self._observed: dict[_Key, list[float]] = {}  # count, sum, highest
        self._added: dict[_Key, list[float]] = {}
        self._notes: list[str] = []
        self._dropped = 0
        self._admitted: dict[object, set[_Key]] = {}

    def observe(self, name: str, value: float, /, **labels: object) -> None:
        """Record one reading: kept as `name.count`, `name.sum` and `name.max`."""
        if not self.enabled:
            return
        try:
            key = (name, *labels.items())
            with self._lock:
                cell = self._observed.get(key)
                if cell is None:
                    cell = self._observed.setdefault(self._admit(key), [0, 0.0, -inf])
                cell[1] += value
                cell[0] += 1
                if value > cell[2]:  # noqa: PLR1730 - twice as fast as max()
                    cell[2] = value
        except TypeError:
            self._dropped += 1

    def add(self, name: str, value: float = 1, /, **labels: object) -> None:
        """Add to a counter, kept as `name`."""
        if not self.enabled:
            return
        try:
            key = (name, *labels.items())
            with self._lock:
                cell = self._added.get(key)
                if cell is None:
                    cell = self._added.setdefault(self._admit(key), [0.0])
                cell[0] += value
        except TypeError:
            self._dropped += 1

    def note(self, document: str) -> None:
        """Hand a document over as it is, beside the counters."""
        if not self.enabled:
            return
        with self._lock:
            if len(self._notes) < NOTES:
                self._notes.append(document)
            else:
                self._dropped += 1

    def collect(self) -> Parcel:
        """Take what was counted since the last call."""
        with self._lock:
            observed, self._observed = self._observed, {}
            added, self._added = self._added, {}
            notes, self._notes = self._notes, []
            dropped, self._dropped = self._dropped, 0
        parcel = Parcel(notes=notes)
        for key, cell in observed.items():
            dropped += _pack_observed(parcel, key, *cell)
        for key, (amount,) in added.items():
            dropped += _pack_added(parcel, key, amount)
        if dropped:
            _pack_added(parcel, ("monitor.dropped",), dropped)
        return parcel

    def _admit(self, key: _Key) -> _Key:
        """The key itself while there is room, else the key that takes the overflow."""
        name = key[0]
        keys = self._admitted.get(name)
        if keys is None:
            if len(self._admitted) >= NAMES:
                raise TypeError("too many names")
            keys = self._admitted[name] = set()
        if key in keys:
            return key
        if len(keys) < LABEL_SETS_PER_NAME:
            keys.add(key)
            return key
        return _overflow(key)


def _overflow(key: _Key) -> _Key:
    name, *labels = key
    return (name, *((label, OTHER) for label, _ in _pairs(labels)))


def _pairs(labels: list[object]) -> list[tuple[str, object]]:
    return cast(list[tuple[str, object]], labels)


def _pack_observed(parcel: Parcel, key: _Key, count: float, total: float, highest: float) -> int:
    """Add one cell to the parcel. Returns how many of its readings are lost."""
    if not (isfinite(total) and isfinite(highest)):
        return int(count)
    _merge(parcel.sums, _series(key, ".count"), count)
    _merge(parcel.sums, _series(key, ".sum"), total)
    peak = _series(key, ".max")
    parcel.peaks[peak] = max(highest, parcel.peaks.get(peak, highest))
    return 0


def _pack_added(parcel: Parcel, key: _Key, amount: float) -> int:
    if not isfinite(amount):
        return 1
    if amount:
        _merge(parcel.sums, _series(key), amount)
    return 0


def _merge(sums: dict[SeriesPair, float], series: SeriesPair, amount: float) -> None:
    # The same labels in another order are another key here and the same series there.
    sums[series] = sums.get(series, 0) + amount


def _series(key: _Key, suffix: str = "") -> SeriesPair:
    """How the broker calls the series, and the one that takes it where the broker is full."""
    name, *labels = key
    pairs = _pairs(labels)
    text = f"{str(name)[:NAME_LENGTH]}{suffix}"
    others = labels_text((label, OTHER) for label, _ in pairs)
    return f"{text}|{labels_text(pairs)}", f"{text}|{others}"
