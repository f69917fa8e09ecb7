"""Ratios: is the share of all measurements beyond the threshold, beyond what chance would do?

Small readings are put together until they hold `min_samples` measurements: three hits of four are
no 75 %. The stretch that is judged has to convince with its Wilson bound too, and without its
worst reading.
"""

from __future__ import annotations

from collections.abc import Sequence

from dbsbm.monitor.alerts.forms.level import Level
from dbsbm.monitor.alerts.forms.warmup import Warmup
from dbsbm.monitor.alerts.proof import wilson
from dbsbm.monitor.alerts.rule import MINUTE, Rule
from dbsbm.monitor.alerts.track import Reading, Window

# Small readings that took longer than this to come together are too few to judge by.
LONGEST_SPAN = 15 * MINUTE
# Bad readings of so many measurements are judged by themselves: they may be every second one. Of
# smaller ones the bad are bad by chance too, and the others have a say.
LARGE = 100


class Ratio(Level):
    """Judges shares, such as hits of all reads of a cache."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(rule)
        self._small: list[Reading] = []
        self._warmup = Warmup(rule.grace, rule.min_samples)

    def add_all(self, readings: Sequence[Reading]) -> None:
        """Take readings in one after the other: each says what the next one means."""
        for reading in readings:
            self.add(reading)

    def add(self, reading: Reading) -> None:
        """Take a reading in, with others where it is small."""
        count = 1.0 if reading.count is None else reading.count
        if count <= 0:
            return
        is_bad = self.rule.is_breached_by(reading.value)
        if self._warmup.swallows(reading.at, count, bad=is_bad):
            self._small.clear()
        elif (
            reading.count is None
            or count >= self.rule.min_samples
            or _is_summary(reading.value, count)
        ):
            super().add(reading)
        else:
            self._collect(reading)

    def restarted(self, at: float) -> None:
        """Expect a cold cache."""
        if self._warmup.restarted(at):
            self._small.clear()
            self.track.drop_since(at)

    def level(self, window: Window) -> float:
        """The share of all measurements of a window.

        Beside a huge count those of a window may be lost in the sums: then its readings are left.
        """
        return window.weighted / window.samples if window.samples else super().level(window)

    def _is_proven(
        self, window: Window, seconds: float, share: float, calm_since: float, now: float
    ) -> bool:
        if not super()._is_proven(window, seconds, share, calm_since, now):
            return False
        return self._is_beyond_chance(window)

    def _is_beyond_chance(self, window: Window) -> bool:
        """Whether the Wilson bound is beyond the threshold, without the reading that did most."""
        if self.is_single:  # nothing says of how many measurements
            return True
        readings = self._readings(window)
        if window.over_samples >= LARGE * window.over:
            readings = [each for each in readings if self.rule.is_breached_by(each.value)]
        worst = max(readings, key=self._weight)
        counted = [(each.value, each.count or 1.0) for each in readings if each is not worst]
        hits = sum(value * count for value, count in counted)
        low, high = wilson(hits, sum(count for _, count in counted))
        return low > self.rule.threshold if self.rule.is_above else high < self.rule.threshold

    def _weight(self, reading: Reading) -> float:
        distance = reading.value - self.rule.threshold
        return (reading.count or 1.0) * (distance if self.rule.is_above else -distance)

    def _collect(self, reading: Reading) -> None:
        self._small = [each for each in self._small if each.at > reading.at - LONGEST_SPAN]
        self._small.append(reading)
        total = sum(each.count or 1.0 for each in self._small)
        if total >= self.rule.min_samples:
            hits = sum(each.value * (each.count or 1.0) for each in self._small)
            self._small = []
            super().add(Reading(reading.at, hits / total, total))


def _is_summary(value: float, count: float) -> bool:
    """Whether a share is not one of so few measurements: one is no hit by half."""
    hits = value * count
    return abs(hits - round(hits)) > 0.01
