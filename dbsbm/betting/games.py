"""A game as grading sees it: its status, its score, and the house rules of its sport."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class GameStatus(StrEnum):
    """Where a game stands. A provider's words are translated into these."""

    SCHEDULED = "scheduled"
    LIVE = "live"
    SUSPENDED = "suspended"
    FINAL = "final"
    POSTPONED = "postponed"
    CANCELED = "canceled"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class FinalScore:
    """The score of a game that is over.

    Attributes:
        home: Points of the home team, overtime included.
        away: Points of the away team, overtime included.
        regulation: Points of home and away at the end of regulation time (90 minutes and stoppage
            time in soccer); equal to the final points where there was no overtime. None where the
            provider does not say.
        shortened: The game was ended before its scheduled length and still has a result.
    """

    home: int
    away: int
    regulation: tuple[int, int] | None = None
    shortened: bool = False

    def __post_init__(self) -> None:
        if min(self.home, self.away, *(self.regulation or ())) < 0:
            raise ValueError("a score cannot be negative")


@dataclass(frozen=True, slots=True)
class SportRules:
    """What grading must know of a sport.

    Attributes:
        three_way: The draw is an outcome of the moneyline of its own, so a tie loses the bets on
            either team. Else a tie gives their stakes back.
        regulation_only: Overtime does not count.
        shortened_moneyline: The moneyline of a shortened game stands. Spreads and totals of
            a shortened game are void in every sport.
    """

    three_way: bool = False
    regulation_only: bool = False
    shortened_moneyline: bool = False


_TWO_WAY: Final = SportRules()

SPORT_RULES: Final = {
    "soccer": SportRules(three_way=True, regulation_only=True),
    # An official game of five innings decides who won, but not by how much.
    "baseball": SportRules(shortened_moneyline=True),
    "basketball": _TWO_WAY,
    "football": _TWO_WAY,
    "hockey": _TWO_WAY,
}
"""House rules by sport, as most North American and European books print them."""


def rules_for(sport: str) -> SportRules:
    """Return the rules of a sport; of one not in the table, two-way with overtime."""
    return SPORT_RULES.get(sport.lower(), _TWO_WAY)
