"""When something that grows will be full, if it goes on as it did: an interval, not a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dbsbm.optimizer.finding import Severity
from dbsbm.optimizer.fleet.curves import Curve, Curves, Reading
from dbsbm.optimizer.fleet.trend import Trend, fit
from dbsbm.optimizer.fleet.wording import spell_between
from dbsbm.optimizer.missing import NotEnabledError

DAY = 86400.0

MIN_SPAN = 2 * DAY
"""Within one day growth cannot be told from the hour: games are in the evening."""
HORIZON = 30 * DAY
FARTHEST = 5
"""No line is drawn farther than five times the span that it was seen for."""
_CRITICAL = 3 * DAY
_WARNING = 14 * DAY


@dataclass(frozen=True, slots=True)
class Forecast:
    """Something that will be full.

    Attributes:
        least: Seconds until then, at 97.5 % not less.
        most: Seconds until then, at 97.5 % not more.
        trend: The line that says so.
    """

    least: float
    most: float
    trend: Trend

    @property
    def severity(self) -> Severity:
        """By the earliest day: half a week is no time to buy a disk."""
        if self.least <= _CRITICAL:
            return "critical"
        return "warning" if self.least <= _WARNING else "info"

    @property
    def text(self) -> str:
        """Such as `in 9 to 14 days`."""
        return f"in {spell_between(self.least, self.most)}"

    @property
    def evidence(self) -> dict[str, float]:
        """The line, by the day."""
        return {
            "bytes": self.trend.level,
            "bytes_a_day": self.trend.slope * DAY,
            "least_bytes_a_day": self.trend.lower * DAY,
            "most_bytes_a_day": self.trend.upper * DAY,
            "days_measured": self.trend.seconds / DAY,
            "days_at_least": self.least / DAY,
            "days_at_most": self.most / DAY,
        }


def long_enough(trends: Curves, name: str) -> list[Curve]:
    """The curves of a metric that go back far enough.

    Raises:
        NotEnabledError: There is none.
    """
    usable = [curve for curve in trends.of(name) if _span(curve.readings) >= MIN_SPAN]
    if not usable:
        raise NotEnabledError("Growth is foretold when two days of samples are there.")
    return usable


def _span(readings: Sequence[Reading]) -> float:
    """Seconds from the first to the last reading."""
    return readings[-1].at - readings[0].at if readings else 0.0


def line(curve: Curve) -> Trend | None:
    """The trend of a gauge, None where it does not keep going in one direction."""
    return fit([(reading.at, reading.mean) for reading in curve.readings])


def foretell(curve: Curve, limit: float) -> Forecast | None:
    """When a gauge reaches a limit; None where that is not sure, or too far away to tell."""
    trend = line(curve)
    reached = None if trend is None else trend.reaches(limit)
    if trend is None or reached is None:
        return None
    least, most = reached
    middle = abs(limit - trend.level) / abs(trend.slope)
    if middle > min(HORIZON, FARTHEST * trend.seconds):
        return None
    return Forecast(least, most, trend)
