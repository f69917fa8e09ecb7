"""Counts: did something happen too often within the window?"""

from __future__ import annotations

from dbsbm.monitor.alerts.forms.base import Judge, Verdict
from dbsbm.monitor.alerts.rule import Rule


class Count(Judge):
    """Adds up the values of a window. No readings are no events, not missing ones."""

    @classmethod
    def reach(cls, rule: Rule) -> float:
        """One window."""
        return rule.window

    def judge(self, now: float, *, firing_since: float | None, calm_since: float) -> Verdict:
        """See the base class."""
        del calm_since
        window = self.track.window(now - self.rule.window, now)
        readings = self.track.readings[window.start : window.stop]
        total = sum(each.value for each in readings)
        breached = total >= self.rule.threshold
        first = next((each.at for each in readings if each.value > 0), None)
        goes_on = total > self.rule.resolve if firing_since is not None else breached
        return Verdict(breached=breached, active=goes_on, value=total, since=first)

    def worst(self, since: float, until: float) -> float | None:
        """The window's sum: a single reading says nothing."""
        window = self.track.window(max(since, until - self.rule.window), until)
        readings = self.track.readings[window.start : window.stop]
        return sum(each.value for each in readings) if readings else None
