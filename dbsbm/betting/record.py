"""A capper's record: wins and losses, units, return on investment and streak."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from dbsbm.betting import odds
from dbsbm.betting.grading import Result

_RATIO: Final = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class SettledBet:
    """What a record needs of a settled bet. `odds` are decimal, `risk` and `profit` units."""

    result: Result
    risk: Decimal
    profit: Decimal
    odds: Decimal
    settled_at: datetime


@dataclass(frozen=True, slots=True)
class Record:
    """The sum of settled bets. Void bets never happened: they appear nowhere in it.

    Attributes:
        wins: Bets with a profit, half wins included.
        losses: Bets with a loss, half losses included.
        pushes: Bets that gave exactly the stake back.
        risked: Units risked, pushes included.
        profit: Units won less units lost.
        average_odds: Mean of the decimal odds, None without bets.
        streak: Wins in a row up to the latest bet; losses in a row are negative. Pushes neither
            count nor break it.
    """

    wins: int = 0
    losses: int = 0
    pushes: int = 0
    risked: Decimal = Decimal(0)
    profit: Decimal = Decimal(0)
    average_odds: Decimal | None = None
    streak: int = 0

    @property
    def win_rate(self) -> Decimal | None:
        """Share of the decided bets that won, pushes left out; None before the first one."""
        return _ratio(Decimal(self.wins), Decimal(self.wins + self.losses))

    @property
    def roi(self) -> Decimal | None:
        """Profit per unit risked: 0.05 is 5 %; None before the first bet."""
        return _ratio(self.profit, self.risked)

    def __str__(self) -> str:
        return f"{self.wins}-{self.losses}-{self.pushes}"


def summarize(bets: Iterable[SettledBet]) -> Record:
    """Return the record of settled bets, given in any order."""
    counted = sorted(
        (bet for bet in bets if bet.result is not Result.VOID), key=lambda bet: bet.settled_at
    )
    signs = [_sign(bet.profit) for bet in counted]
    return Record(
        wins=signs.count(1),
        losses=signs.count(-1),
        pushes=signs.count(0),
        risked=sum((bet.risk for bet in counted), Decimal(0)),
        profit=sum((bet.profit for bet in counted), Decimal(0)),
        average_odds=_mean([bet.odds for bet in counted]),
        streak=_streak([sign for sign in signs if sign]),
    )


def _sign(profit: Decimal) -> int:
    return (profit > 0) - (profit < 0)


def _streak(signs: Sequence[int]) -> int:
    """Return the length of the last run of equal signs, with their sign."""
    length = 0
    for sign in reversed(signs):
        if sign != signs[-1]:
            break
        length += sign
    return length


def _mean(values: Sequence[Decimal]) -> Decimal | None:
    if not values:
        return None
    return (sum(values, Decimal(0)) / len(values)).quantize(odds.QUANTUM, ROUND_HALF_EVEN)


def _ratio(part: Decimal, whole: Decimal) -> Decimal | None:
    return (part / whole).quantize(_RATIO, ROUND_HALF_EVEN) if whole else None
