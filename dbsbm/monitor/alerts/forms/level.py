"""Levels: is what is read beyond the threshold more often than noise would have it?

A reading counts as one vote, whatever number of measurements it stands for, so that one wild
reading decides nothing. The shortest stretch that proves the case does: a minute for a clear break,
longer ones for what is noisy, flaps, or is read rarely. Proven means two things: enough of the
stretch is beyond the threshold to matter, and so much of it cannot be the noise that the series had
while nothing was wrong.
"""

from __future__ import annotations

from itertools import pairwise
from statistics import median

from dbsbm.monitor.alerts.forms.base import CALM, UNKNOWN, Judge, Verdict
from dbsbm.monitor.alerts.proof import surprise
from dbsbm.monitor.alerts.rule import HOUR, MINUTE, Rule
from dbsbm.monitor.alerts.track import Reading, Window

# Stretches from the shortest on, each with the share of its readings that must be beyond the
# threshold: what flaps is not beyond it for most of the time.
LADDER = ((MINUTE, 0.8), (2 * MINUTE, 0.8), (5 * MINUTE, 0.5), (15 * MINUTE, 0.4), (HOUR, 0.5))
# The newest reading beyond the threshold lies in this last part of the stretch.
FRESH = 0.2
# The noise of a series is learned from this long before the stretch that is judged.
USUAL = 2 * HOUR
# Bounds of what is learned: a series without noise may have some, one with much is still judged.
LEAST_NOISE, MOST_NOISE = 0.004, 0.25
# Assumed of a series that is new.
UNKNOWN_NOISE = 0.05
# e^-9 is 1 in 8,000 for each stretch of each series.
PROOF = 9.0
# An incident goes on while this share of the last minutes is beyond what resolves it ...
STILL = 0.3
RECENT = (5 * MINUTE, 15 * MINUTE, HOUR)
# Readings that tell how often the series is read.
_STEPS = 6
# ... unless hardly anything was beyond the threshold itself for this long.
SETTLED, SETTLED_SHARE = 30 * MINUTE, 0.15
# A series whose readings are single measurements to this share is one of single measurements.
MOSTLY = 0.8
# The measurements that min_samples asks for have to lie within this time.
TRAFFIC = 6 * MINUTE


class Level(Judge):
    """Judges quantiles, means and gauges."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(rule)
        # Readings that said how many measurements they stand for, and those that said one.
        self._told = 0
        self._single = 0

    @classmethod
    def reach(cls, rule: Rule) -> float:
        """Long enough to know what is usual."""
        return USUAL + HOUR

    def accepts(self, reading: Reading) -> bool:
        """Leave out what says that nothing was measured."""
        if reading.count is not None and self.rule.min_samples:
            if reading.count <= 0:
                return False
            self._told += 1
            self._single += reading.count == 1
        return True

    def judge(self, now: float, *, firing_since: float | None, calm_since: float) -> Verdict:
        """See the base class."""
        if firing_since is not None:
            return self._judge_firing(now, firing_since)
        if self.track.last_over <= now - LADDER[-1][0]:
            return CALM
        for seconds, share in LADDER:
            if self.track.last_over <= now - max(seconds * FRESH, MINUTE):
                continue
            window = self.track.window(max(now - seconds, calm_since), now)
            if self._is_proven(window, seconds, share, calm_since, now):
                return Verdict(
                    breached=True, active=True, value=self.level(window), since=self._first(window)
                )
        return CALM

    @property
    def is_single(self) -> bool:
        """Whether readings are single measurements, or say nothing of how many they stand for."""
        return self._single >= MOSTLY * self._told

    def level(self, window: Window) -> float:
        """What the readings of a window come to: their median, which one wild reading leaves."""
        return median(each.value for each in self._readings(window))

    def _is_proven(
        self, window: Window, seconds: float, share: float, calm_since: float, now: float
    ) -> bool:
        if window.over < 2 or window.over < share * window.rows:
            return False
        if not self._has_enough_samples(window, now):
            return False
        usual = self._usual_noise(now - seconds, calm_since)
        return surprise(window.over, window.rows, usual) >= PROOF

    def _has_enough_samples(self, window: Window, now: float) -> bool:
        """Whether the bad readings stand for `min_samples` measurements.

        Where every reading is one measurement, a minute that is bad throughout is enough, if the
        series has that many within some minutes. Where no reading ever said how many measurements
        it stands for, there is nothing to go by.
        """
        wanted = self.rule.min_samples
        if not wanted or not self._told or window.over_samples >= wanted:
            return True
        if not self.is_single:
            return False
        traffic = self.track.window(now - TRAFFIC, now).samples
        return traffic >= wanted and window.over_samples >= wanted * MINUTE / TRAFFIC

    def _usual_noise(self, until: float, calm_since: float) -> float:
        before = self.track.window(max(until - USUAL, calm_since), until)
        if before.rows < 1 / UNKNOWN_NOISE:
            return UNKNOWN_NOISE
        return min(max((before.over + 0.5) / (before.rows + 1), LEAST_NOISE), MOST_NOISE)

    def _judge_firing(self, now: float, since: float) -> Verdict:
        window = self._recent(now)
        if window is None:
            return UNKNOWN
        goes_on = window.near >= STILL * window.rows and not self._has_settled(now, since)
        return Verdict(breached=goes_on, active=goes_on, value=self.level(window))

    def _has_settled(self, now: float, since: float) -> bool:
        """Whether it has stayed between the threshold and what resolves the rule."""
        if now - since < SETTLED:
            return False
        window = self.track.window(now - SETTLED, now)
        return window.over <= SETTLED_SHARE * window.rows

    def _recent(self, now: float) -> Window | None:
        """The last minutes, more of a series that is read rarely; None without three readings.

        The stretch never reaches over a gap: what was before says nothing of now.
        """
        last = self.track.window(float("-inf"), now).stop
        times = self.track.times[max(last - _STEPS, 0) : last]
        step = median(b - a for a, b in pairwise(times)) if len(times) > 1 else 0.0
        seconds = next((each for each in RECENT if each >= 3 * step), RECENT[-1])
        window = self.track.window(now - seconds, now)
        return window if window.rows >= 3 else None

    def _first(self, window: Window) -> float:
        readings = self._readings(window)
        first = next((each.at for each in readings if self.rule.is_breached_by(each.value)), None)
        return readings[0].at if first is None else first

    def _readings(self, window: Window) -> list[Reading]:
        return self.track.readings[window.start : window.stop]
