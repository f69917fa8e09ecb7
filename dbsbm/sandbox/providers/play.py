"""How a game stands at a given moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dbsbm.sandbox.providers.schedule import Game
from dbsbm.sandbox.providers.script import Point, Script, Segment, script_of

Phase = Literal["scheduled", "live", "final", "postponed", "canceled"]


@dataclass(frozen=True, slots=True)
class Standing:
    """A game at a moment.

    Attributes:
        period: The period under way or just over; 0 before the start.
        half: 1 for the top of an inning, 2 for the bottom, else 0.
        is_break: Between two periods.
        played: Whole seconds of the period's own clock that have gone by.
        clock: Seconds that the period has; 0 where there is no clock.
        by_period: Points of home and away in each period so far.
        shootout: Side that won on penalties, once it has.
    """

    phase: Phase
    period: int = 0
    half: int = 0
    is_break: bool = False
    played: int = 0
    clock: int = 0
    home: int = 0
    away: int = 0
    by_period: tuple[tuple[int, int], ...] = ()
    regulation_periods: int = 0
    shootout: int | None = None

    @property
    def overtime(self) -> bool:
        """Whether more than the regular periods were played."""
        return self.period > self.regulation_periods

    @property
    def regulation(self) -> tuple[int, int]:
        """The points of the regular periods."""
        regular = self.by_period[: self.regulation_periods]
        return sum(home for home, _ in regular), sum(away for _, away in regular)


def standing(game: Game, now: datetime) -> Standing:
    """Return how a game stands."""
    script = script_of(game)
    periods = script.regulation
    if game.fate != "played":
        return Standing(game.fate, regulation_periods=periods)
    elapsed = (now - game.starts_at).total_seconds() / 60
    if elapsed < 0:
        return Standing("scheduled", regulation_periods=periods)
    place, fraction = _place(script, elapsed)
    over = place == len(script.segments)
    segment = script.segments[-1] if over else script.segments[place]
    by_period = _by_period(script, place, fraction, segment.period)
    return Standing(
        phase="final" if over else "live",
        period=segment.period,
        half=segment.half,
        is_break=segment.is_break,
        played=int(fraction * segment.clock * 60),
        clock=segment.clock * 60,
        home=sum(home for home, _ in by_period),
        away=sum(away for _, away in by_period),
        by_period=by_period,
        regulation_periods=periods,
        shootout=script.shootout if over else None,
    )


def _place(script: Script, elapsed: float) -> tuple[int, float]:
    """Return the segment under way and the fraction of it that is over."""
    for place, segment in enumerate(script.segments):
        if elapsed < segment.minutes:
            return place, elapsed / segment.minutes
        elapsed -= segment.minutes
    return len(script.segments), 0.0


def _by_period(
    script: Script, place: int, fraction: float, period: int
) -> tuple[tuple[int, int], ...]:
    scored = [[0, 0] for _ in range(period)]
    for point in script.points:
        if _has_happened(point, place, fraction):
            segment: Segment = script.segments[point.segment]
            scored[segment.period - 1][point.side] += point.points
    return tuple((home, away) for home, away in scored)


def _has_happened(point: Point, place: int, fraction: float) -> bool:
    return (point.segment, point.at) <= (place, fraction)
