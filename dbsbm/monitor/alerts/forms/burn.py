"""Burn rates: is the error budget being spent too fast, over a long and a short window at once?

The long window says that it matters, the short one that it is still so. The Google SRE Workbook
(2018), chapter 5, "Alerting on SLOs", recommends 14.4 times over 1 h and 5 min, 6 times over 6 h
and 30 min, and once over 3 d and 6 h. Readings are shares of failures with the calls behind them.
"""

from __future__ import annotations

from dbsbm.monitor.alerts.forms.base import Judge, Verdict
from dbsbm.monitor.alerts.proof import wilson
from dbsbm.monitor.alerts.rule import Rule
from dbsbm.monitor.alerts.track import Reading, Window

# Of the long window, so much must have been watched: a fleet's first minutes are no three days.
LEAST_HISTORY = 0.25


class Burn(Judge):
    """Compares the share of failures with a multiple of the budget."""

    @classmethod
    def reach(cls, rule: Rule) -> float:
        """The long window."""
        return rule.window

    def accepts(self, reading: Reading) -> bool:
        """Leave out what stands for no call."""
        return reading.count is None or reading.count > 0

    def judge(self, now: float, *, firing_since: float | None, calm_since: float) -> Verdict:
        """See the base class."""
        del calm_since, firing_since
        rule = self.rule
        long, short = (
            self.track.window(now - seconds, now) for seconds in (rule.window, rule.short_window)
        )
        if not short.samples:
            return Verdict(breached=False, active=None)
        is_known = now - self.track.times[long.start] >= rule.window * LEAST_HISTORY
        breached = is_known and self._burns(long) and self._burns(short)
        return Verdict(
            breached=breached,
            active=breached,
            value=short.weighted / short.samples,
            since=self._first(short) if breached else None,
        )

    def _first(self, window: Window) -> float | None:
        readings = self.track.readings[window.start : window.stop]
        return next((each.at for each in readings if each.value > self.rule.threshold), None)

    def _burns(self, window: Window) -> bool:
        """Whether even the least that the failures can mean is too much."""
        if window.samples < self.rule.min_samples:
            return False
        low, _ = wilson(window.weighted, window.samples)
        return low > self.rule.threshold * self.rule.factor
