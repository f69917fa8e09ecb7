"""What the sandbox's books ask: fair chances plus a margin, moving a little until the start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from random import Random

from dbsbm.sandbox.providers.schedule import Game
from dbsbm.sandbox.providers.script import home_chance

BOOKS = ("Harbour Odds", "Tally & Sons", "Northline")
"""Invented bookmakers; the first one is ESPN's."""

_MARGIN = 1.045
_DRIFT = 0.02
_DRIFT_MINUTES = 30
_DRAW_CHANCE = 0.27
_LINES = {"football": (25.0, 44.5), "basketball": (28.0, 222.5), "soccer": (150.0, 2.5)}
"""Elo points that one point of handicap is worth, and the usual total."""
_FIXED_LINE = 1.5
"""Baseball and hockey always give the favourite this handicap."""
_FIXED_TOTALS = {"baseball": 8.5, "hockey": 5.5}


@dataclass(frozen=True, slots=True)
class Prices:
    """Decimal odds of one book for one game, and the lines they belong to.

    Attributes:
        line: Handicap of the home team; always ends in .5.
        draw: None where a game cannot end in a draw.
    """

    home: float
    draw: float | None
    away: float
    line: float
    home_spread: float
    away_spread: float
    total: float
    over: float
    under: float


def prices(game: Game, book: str, now: datetime) -> Prices:
    """Return what a book asks at a moment; after the start, what it asked last."""
    moment = min(now, game.starts_at)
    step = int((game.starts_at - moment).total_seconds() // 60 // _DRIFT_MINUTES)
    chance = Random(f"odds {game.seed} {book} {step}")  # noqa: S311 - prices, not secrets
    draw = _DRAW_CHANCE if game.league.sport == "soccer" else 0.0
    home = (1 - draw) * home_chance(game) + _drift(chance)
    line, spread = _handicap(game)
    total, over = _total_line(game), 0.5 + _drift(chance)
    spread += _drift(chance)
    return Prices(
        home=_price(home),
        draw=_price(draw) if draw else None,
        away=_price(1 - draw - home),
        line=line,
        home_spread=_price(spread),
        away_spread=_price(1 - spread),
        total=total,
        over=_price(over),
        under=_price(1 - over),
    )


def american(price: float) -> str:
    """Return decimal odds as American ones, to the nearest 5, and "EVEN" where they are."""
    exact = (price - 1) * 100 if price >= 2 else -100 / (price - 1)
    rounded = 5 * round(exact / 5)
    return "EVEN" if abs(rounded) <= 100 else f"{rounded:+d}"


def _handicap(game: Game) -> tuple[float, float]:
    """Return the home team's line, and its chance to cover it."""
    favourite = home_chance(game) >= 0.5
    if game.league.sport in _FIXED_TOTALS:
        return (-_FIXED_LINE, 0.42) if favourite else (_FIXED_LINE, 0.58)
    worth, _ = _LINES[game.league.sport]
    points = abs(game.home.rating - game.away.rating) / worth
    line = int(points) + 0.5
    return (-line if favourite else line), 0.5


def _total_line(game: Game) -> float:
    usual = _FIXED_TOTALS.get(game.league.sport) or _LINES[game.league.sport][1]
    chance = Random(f"total {game.seed}")  # noqa: S311
    return usual + chance.choice((-1, 0, 0, 1)) * (1 if usual < 20 else 4)


def _drift(chance: Random) -> float:
    return chance.uniform(-_DRIFT, _DRIFT)


def _price(probability: float) -> float:
    return round(1 / (min(max(probability, 0.03), 0.94) * _MARGIN), 2)
