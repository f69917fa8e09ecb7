"""Will a provider's plan last until its day ends at midnight UTC?

Evidence: the calls that the plan had left, by the hour and over two weeks. Where it counts each
sport alone, the lowest of an hour is the one that is looked at.

A day's use follows the games, so the rest of today is foretold from the same hours of earlier days,
as much larger or smaller as today was until now. The interval goes from the least to the most of
these days. Found where even the least is more than is left. Silent in the first two hours of a day,
without an earlier day that was measured from its first to its last hours, and where nothing is
left any more: then the alert has told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.curves import Curve
from dbsbm.optimizer.fleet.evidence import Evidence
from dbsbm.optimizer.missing import present
from dbsbm.optimizer.rules.describe import counted

NAME = "fleet.quota"

MIN_HOURS = 2
MOST_SCALE = 3.0
"""A day of more than three times the calls is another kind of day, and says nothing of this one."""

_DAY = 86400
_HOUR = 3600
_LAST_HOUR = 20  # of a day that was measured to its end

Day = Mapping[int, float]


@dataclass(frozen=True, slots=True)
class _Forecast:
    """Calls that the rest of the day takes, and what is left."""

    left: float
    used: float
    least: float
    most: float
    days: int


def examine(evidence: Evidence) -> list[Finding]:
    """Find the plans that end before their day."""
    trends = present(evidence.trends)
    now = evidence.until.timestamp()
    found = (
        (curve.labels["provider"], _forecast(_days(curve), now))
        for curve in trends.of("provider.quota_left")
        if "provider" in curve.labels
    )
    return [
        _finding(provider, forecast)
        for provider, forecast in found
        if forecast is not None and forecast.least > forecast.left > 0
    ]


def _days(curve: Curve) -> Mapping[int, Day]:
    """Day -> hour -> the fewest calls that were left in it."""
    days: dict[int, dict[int, float]] = defaultdict(dict)
    for reading in curve.readings:
        days[int(reading.at // _DAY)][int(reading.at % _DAY // _HOUR)] = reading.low
    return days


def _forecast(days: Mapping[int, Day], now: float) -> _Forecast | None:
    today, hour = int(now // _DAY), int(now % _DAY // _HOUR)
    so_far = days.get(today, {})
    if hour < MIN_HOURS or not so_far:
        return None
    left = min(so_far.values())
    used = max(so_far.values()) - left
    rests = [
        rest
        for day, hours in days.items()
        if day < today and (rest := _rest(hours, hour, used)) is not None
    ]
    if not rests or not used:
        return None
    return _Forecast(left, used, min(rests), max(rests), len(rests))


def _rest(hours: Day, hour: int, used: float) -> float | None:
    """What an earlier day used after an hour, on the scale of today."""
    if min(hours) > MIN_HOURS or max(hours) < _LAST_HOUR:
        return None
    until_then = [left for each, left in hours.items() if each <= hour]
    used_then = max(until_then) - min(until_then)
    scale = used / used_then if used_then else MOST_SCALE
    if not 1 / MOST_SCALE <= scale <= MOST_SCALE:
        return None
    return scale * (min(until_then) - min(hours.values()))


def _finding(provider: str, forecast: _Forecast) -> Finding:
    needed = (
        f"{forecast.least:.0f}"
        if forecast.days == 1
        else f"{forecast.least:.0f} to {forecast.most:.0f}"
    )
    return Finding(
        rule=NAME,
        object=f"provider {provider}",
        severity="warning",
        cause=f"{counted(round(forecast.left), 'call is', 'calls are')} left of today's "
        f"plan of {provider}, and the hours until midnight UTC take {needed} by "
        f"the days before: {forecast.used:.0f} are used.",
        evidence={
            "left": forecast.left,
            "used": forecast.used,
            "least_needed": forecast.least,
            "most_needed": forecast.most,
            "days": forecast.days,
        },
        fix=(
            "Fetch less often: SCHEDULE_OVERRIDES='{\"games-refresh\": 300}', and restart beat.",
            "Or follow fewer leagues with LEAGUES, or name espn first in PROVIDERS.",
            "Or take a larger plan, and say so with APISPORTS_DAILY_LIMIT.",
        ),
        revert=("Take games-refresh out of SCHEDULE_OVERRIDES, and restart beat.",),
        expected_gain="Scores until midnight: "
        f"{counted(round(forecast.least - forecast.left), 'call is', 'calls are')} "
        "missing at least.",
        confidence=0.8 if forecast.days == 1 else 0.9,
        risk="low",
    )
