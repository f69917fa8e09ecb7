"""The readings of one series as one rule sees them, with running totals."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import TypeVar

# Readings that are forgotten at once: to cut one at a time would cost more than it frees.
_BATCH = 4096

_Total = TypeVar("_Total", int, float)


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of a series.

    Attributes:
        at: Unix seconds; of a minute that was summed up, its end.
        value: What was read: one measurement, or the mean, quantile or share of `count` of them.
        count: The measurements behind it; None where the source does not say.
    """

    at: float
    value: float
    count: float | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """What a stretch of a track holds.

    Attributes:
        rows: Readings.
        over: Readings beyond the threshold.
        near: Readings beyond what resolves the rule.
        samples: Measurements behind all of them.
        over_samples: Measurements behind those beyond the threshold.
        weighted: The sum of value times count.
        start: Index of the first reading.
        stop: Index after the last one.
    """

    rows: int
    over: int
    near: int
    samples: float
    over_samples: float
    weighted: float
    start: int
    stop: int


class Track:
    """Readings in order of time. A window costs two bisections, whatever it holds."""

    def __init__(self, keep: float) -> None:
        """Start empty.

        Args:
            keep: Seconds that are kept behind the newest reading.
        """
        self.keep = keep
        self.times: list[float] = []
        self.readings: list[Reading] = []
        self.last_over = float("-inf")
        self._flags: list[tuple[bool, bool]] = []
        # Totals before each reading: one longer than the readings.
        self._over = [0]
        self._near = [0]
        self._samples = [0.0]
        self._over_samples = [0.0]
        self._weighted = [0.0]

    def add(self, reading: Reading, samples: float, *, over: bool, near: bool) -> None:
        """Add a reading with the measurements it stands for; a late one is put in its place."""
        late = bool(self.times) and reading.at < self.times[-1]
        behind = self._take_back(reading.at) if late else []
        for each, count, is_over, is_near in ((reading, samples, over, near), *behind):
            self._append(each, count, is_over, is_near)
        self._forget_old()

    @property
    def latest(self) -> float:
        """When the newest reading was taken."""
        return self.times[-1] if self.times else float("-inf")

    def extend(
        self,
        readings: Sequence[Reading],
        samples: Sequence[float],
        *,
        over: Sequence[bool],
        near: Sequence[bool],
    ) -> None:
        """Add readings that are in order of time and not late, as `add` does with each."""
        self.times += [each.at for each in readings]
        self.readings += readings
        self._flags += zip(over, near, strict=True)
        _add_up(self._over, over)
        _add_up(self._near, near)
        _add_up(self._samples, samples)
        _add_up(
            self._over_samples,
            [count if is_over else 0.0 for count, is_over in zip(samples, over, strict=True)],
        )
        _add_up(
            self._weighted,
            [each.value * count for each, count in zip(readings, samples, strict=True)],
        )
        beyond = (each.at for each, is_over in zip(readings, over, strict=True) if is_over)
        self.last_over = max(self.last_over, max(beyond, default=self.last_over))
        self._forget_old()

    def window(self, since: float, until: float) -> Window:
        """What lies after `since`, and not after `until`."""
        start, stop = bisect_right(self.times, since), bisect_right(self.times, until)
        return Window(
            rows=stop - start,
            over=self._over[stop] - self._over[start],
            near=self._near[stop] - self._near[start],
            samples=self._samples[stop] - self._samples[start],
            over_samples=self._over_samples[stop] - self._over_samples[start],
            weighted=self._weighted[stop] - self._weighted[start],
            start=start,
            stop=stop,
        )

    def drop_since(self, at: float) -> None:
        """Forget what was read at that moment and later."""
        self._take_back(at, inclusive=True)

    def _append(self, reading: Reading, samples: float, over: bool, near: bool) -> None:
        self.times.append(reading.at)
        self.readings.append(reading)
        self._flags.append((over, near))
        self._over.append(self._over[-1] + over)
        self._near.append(self._near[-1] + near)
        self._samples.append(self._samples[-1] + samples)
        self._over_samples.append(self._over_samples[-1] + (samples if over else 0.0))
        self._weighted.append(self._weighted[-1] + reading.value * samples)
        if over:
            self.last_over = max(self.last_over, reading.at)

    def _take_back(
        self, at: float, *, inclusive: bool = False
    ) -> list[tuple[Reading, float, bool, bool]]:
        """Remove the readings after a moment and return them, oldest first."""
        start = bisect_right(self.times, at)
        while inclusive and start and self.times[start - 1] >= at:
            start -= 1
        behind = [
            (self.readings[n], self._samples[n + 1] - self._samples[n], *self._flags[n])
            for n in range(start, len(self.times))
        ]
        for column in (self.times, self.readings, self._flags):
            del column[start:]
        for totals in self._totals():
            del totals[start + 1 :]
        return behind

    def _forget_old(self) -> None:
        before = self.latest - self.keep
        if len(self.times) <= _BATCH or self.times[_BATCH] >= before:
            return
        stop = bisect_right(self.times, before)
        for column in (self.times, self.readings, self._flags, *self._totals()):
            del column[:stop]

    def _totals(self) -> tuple[list[int] | list[float], ...]:
        return self._over, self._near, self._samples, self._over_samples, self._weighted


def _add_up(totals: list[_Total], amounts: Sequence[_Total]) -> None:
    """Go on with the totals before each of the amounts."""
    totals += islice(accumulate(amounts, initial=totals[-1]), 1, None)
