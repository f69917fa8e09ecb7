"""Restarts, seen in the memory of what restarted: it falls at once from where it was for long."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from dbsbm.monitor.alerts.rule import MINUTE
from dbsbm.monitor.alerts.track import Reading

# Readings that say what the memory was.
_BEFORE = 5
_FALL, _SMALL_FALL = 0.75, 0.85
# Memory that was as low a while ago flaps, or had a burst that is over now.
_LONG = 30 * MINUTE
_LOW_SHARE = 0.1
_AS_LOW = 0.92


@dataclass(frozen=True, slots=True)
class Restart:
    """A restart.

    Attributes:
        after: The last reading before it, Unix seconds.
        seen_at: The reading that shows it.
    """

    after: float
    seen_at: float


def restarts_of(memory: Sequence[Reading]) -> list[Restart]:
    """The moments at which memory fell from what it was for long, oldest first."""
    times = [reading.at for reading in memory]
    values = [reading.value for reading in memory]
    found = []
    start = 0
    for position in range(_BEFORE, len(memory)):
        if position - start < _BEFORE:
            continue
        if _is_fall(median(values[position - _BEFORE : position]), values[position : position + 2]):
            begin = bisect_left(times, times[position] - _LONG, start, position - _BEFORE)
            low = sorted(values[begin:position])[int((position - begin) * _LOW_SHARE)]
            if values[position] < _AS_LOW * low:
                found.append(Restart(times[position - 1], times[position]))
            start = position
    return found


def _is_fall(before: float, values: Sequence[float]) -> bool:
    """Whether memory fell far, or less far but for two readings."""
    return 0 < values[0] < _FALL * before or (
        len(values) > 1 and min(values) > 0 and max(values) < _SMALL_FALL * before
    )
