"""What happens in a game and when, written once from the game's seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random

from dbsbm.sandbox.providers.schedule import Game

HOME_ADVANTAGE = 45
"""Elo points."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of play or a break.

    Attributes:
        minutes: Of real time.
        clock: Minutes on the game's own clock; 0 where it has none.
        half: 1 for the top of an inning, 2 for the bottom, else 0.
    """

    period: int
    minutes: float
    clock: int = 0
    half: int = 0
    is_break: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """A score at a fraction of a segment; `side` is 0 for home, 1 for away."""

    segment: int
    at: float
    side: int
    points: int


@dataclass(slots=True)
class Script:
    """Everything about a game.

    Attributes:
        regulation: Number of periods before overtime.
        shootout: Side that wins on penalties, or None.
    """

    regulation: int
    segments: list[Segment] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    shootout: int | None = None

    @property
    def minutes(self) -> float:
        """Real minutes from start to end."""
        return sum(segment.minutes for segment in self.segments)

    def score(self) -> tuple[int, int]:
        """The score once everything has happened."""
        home = sum(point.points for point in self.points if point.side == 0)
        return home, sum(point.points for point in self.points) - home


@dataclass(frozen=True, slots=True)
class _Pace:
    """How a sport is played and scored.

    Attributes:
        rate: Scores of an average team in a period.
        values: Points of one score, each as often as it is listed.
        breaks: Real minutes of rest after each period but the last.
    """

    periods: int
    minutes: float
    clock: int
    breaks: Sequence[float]
    rate: float
    values: Sequence[int]


_PACES = {
    "football": _Pace(4, 40, 15, (2, 14, 2), 0.85, (7, 7, 7, 3, 3)),
    "basketball": _Pace(4, 27, 12, (3, 15, 3), 12.0, (2, 2, 2, 2, 3, 3, 1)),
    "hockey": _Pace(3, 38, 20, (17, 17), 1.0, (1,)),
    "soccer": _Pace(2, 49, 45, (15,), 0.68, (1,)),
}
_INNINGS, _HALF_INNING_MINUTES, _RUNS_A_HALF_INNING = 9, 9.5, 0.5


@lru_cache(maxsize=2048)
def script_of(game: Game) -> Script:
    """Return the script of a game. It must not be changed."""
    chance = Random(f"play {game.seed}")  # noqa: S311 - a game, not a secret
    if game.league.sport == "baseball":
        return _baseball(game, chance)
    return _timed(game, chance, _PACES[game.league.sport])


def home_chance(game: Game) -> float:
    """Return the probability that the home team wins, by Elo."""
    difference = game.home.rating - game.away.rating + HOME_ADVANTAGE
    return float(1 / (1 + 10 ** (-difference / 400)))


def _timed(game: Game, chance: Random, pace: _Pace) -> Script:
    script = Script(pace.periods)
    for period in range(1, pace.periods + 1):
        script.segments.append(Segment(period, pace.minutes, pace.clock))
        _play(script, chance, pace, home_chance(game))
        if period < pace.periods:
            script.segments.append(Segment(period, pace.breaks[period - 1], is_break=True))
    home, away = script.score()
    if home == away and (game.league.knockout or game.league.sport != "soccer"):
        _overtime(game, script, chance)
    return script


def _play(script: Script, chance: Random, pace: _Pace, home: float) -> None:
    for side, tilt in enumerate((2 * home, 2 * (1 - home))):
        for _ in range(_poisson(chance, pace.rate * math.sqrt(tilt))):
            points = chance.choice(pace.values)
            script.points.append(Point(len(script.segments) - 1, chance.random(), side, points))


def _overtime(game: Game, script: Script, chance: Random) -> None:
    winner = 0 if chance.random() < home_chance(game) else 1
    period = script.regulation + 1
    match game.league.sport:
        case "soccer":
            _extra_time(script, chance, winner)
        case "hockey" if chance.random() < 0.5:
            script.segments += (Segment(period, 12, 5), Segment(period + 1, 9))
            script.points.append(Point(len(script.segments) - 1, 0.95, winner, 1))
        case "hockey":
            script.segments.append(Segment(period, 8, 5))
            script.points.append(Point(len(script.segments) - 1, 0.97, winner, 1))
        case "football":
            script.segments.append(Segment(period, 20, 10))
            script.points.append(Point(len(script.segments) - 1, 0.97, winner, 3))
        case _:
            script.segments.append(Segment(period, 13, 5))
            last = len(script.segments) - 1
            script.points += (Point(last, n / 8, (n + winner) % 2, 2) for n in range(1, 7))
            script.points.append(Point(last, 0.98, winner, 2))


def _extra_time(script: Script, chance: Random, winner: int) -> None:
    script.segments += (
        Segment(2, 5, is_break=True),
        Segment(3, 16, 15),
        Segment(3, 2, is_break=True),
        Segment(4, 17, 15),
    )
    if chance.random() < 0.5:
        script.points.append(Point(len(script.segments) - 1, chance.random(), winner, 1))
    else:
        script.segments.append(Segment(5, 10))
        script.shootout = winner


def _baseball(game: Game, chance: Random) -> Script:
    script = Script(_INNINGS)
    for inning in range(1, _INNINGS + 1):
        for half in (1, 2):
            home, away = script.score()
            if inning == _INNINGS and half == 2 and home > away:
                return script  # the home team leads and need not bat
            _bat(script, inning, half, _poisson(chance, _RUNS_A_HALF_INNING), chance)
    home, away = script.score()
    if home == away:
        winner = 0 if chance.random() < home_chance(game) else 1
        _bat(script, _INNINGS + 1, 1, winner, chance)
        _bat(script, _INNINGS + 1, 2, 1 - winner, chance)
    return script


def _bat(script: Script, inning: int, half: int, runs: int, chance: Random) -> None:
    script.segments.append(Segment(inning, _HALF_INNING_MINUTES, half=half))
    last, side = len(script.segments) - 1, 1 if half == 1 else 0
    script.points += (Point(last, 0.1 + 0.8 * chance.random(), side, 1) for _ in range(runs))


def _poisson(chance: Random, mean: float) -> int:
    """Draw a Poisson number by Knuth's product of uniforms."""
    floor, product, drawn = math.exp(-mean), chance.random(), 0
    while product > floor:
        product *= chance.random()
        drawn += 1
    return drawn
