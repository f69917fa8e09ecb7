"""Absence: does a series that was there say nothing any more?"""

from __future__ import annotations

from dbsbm.monitor.alerts.forms.base import UNKNOWN, Judge, Verdict
from dbsbm.monitor.alerts.rule import HOUR, Rule


class Absence(Judge):
    """Measures the silence since the newest reading."""

    @classmethod
    def reach(cls, rule: Rule) -> float:
        """Long enough to remember that the series was there."""
        return rule.threshold + HOUR

    def judge(self, now: float, *, firing_since: float | None, calm_since: float) -> Verdict:
        """See the base class."""
        del calm_since
        last = self.last_reading(now)
        if last is None:  # silent for longer than is looked back on
            return Verdict(breached=True, active=True) if firing_since is not None else UNKNOWN
        silence = now - last
        breached = silence > self.rule.threshold
        return Verdict(breached=breached, active=breached, value=silence, since=last)

    def worst(self, since: float, until: float) -> float | None:
        """The silence at the end of the span."""
        del since
        last = self.last_reading(until)
        return None if last is None else until - last
