"""What can be bet on: one pick, several in a parlay, and until when."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, Self

from dbsbm.betting.games import GameStatus
from dbsbm.errors import UserError

LINE_QUANTUM: Final = Decimal("0.01")
HIGHEST_LINE: Final = Decimal(1000)
MAX_LEGS: Final = 12

_LINE = re.compile(r"[+-]?\d{1,5}(?:[.,]\d{1,4})?")
_PICK_EM = frozenset({"PK", "PICK", "EVEN"})
_MINUS_SIGNS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))


class Market(StrEnum):
    """What the bet is about."""

    MONEYLINE = "moneyline"
    SPREAD = "spread"
    TOTAL = "total"


class Side(StrEnum):
    """Which outcome the member takes."""

    HOME = "home"
    AWAY = "away"
    DRAW = "draw"
    OVER = "over"
    UNDER = "under"


SIDES: Final = {
    Market.MONEYLINE: (Side.HOME, Side.AWAY, Side.DRAW),
    Market.SPREAD: (Side.HOME, Side.AWAY),
    Market.TOTAL: (Side.OVER, Side.UNDER),
}
"""The outcomes that each market has."""


@dataclass(frozen=True, slots=True)
class Pick:
    """One outcome of one market.

    Attributes:
        market: What the bet is about.
        side: The outcome that is taken.
        line: Points, in steps of a quarter, None for a moneyline. On a spread it is the handicap
            of the picked side: -3.5 gives 3.5 points, +3.5 takes them.

    Raises:
        UserError: The market has no such side, or the line does not fit the market.
    """

    market: Market
    side: Side
    line: Decimal | None = None

    def __post_init__(self) -> None:
        if self.side not in SIDES[self.market]:
            raise UserError(
                f"A {self.market} has no {self.side}: choose {_either(SIDES[self.market])}."
            )
        object.__setattr__(self, "line", _checked_line(self.market, self.line))

    @classmethod
    def parse(cls, market: str, side: str, line: str | None = None) -> Self:
        """Read a pick from its three words, the line as a member types it.

        Raises:
            UserError: A word is unknown, or they do not go together.
        """
        try:
            known = Market(market.strip().lower()), Side(side.strip().lower())
        except ValueError:
            raise UserError(
                f"Choose a market ({_either(Market)}) and a side ({_either(Side)})."
            ) from None
        return cls(*known, parse_line(line) if line and line.strip() else None)


def parse_line(text: str) -> Decimal:
    """Read a line as a member types it: `-3.5`, `+7`, `220,5`, or `PK` for zero.

    Raises:
        UserError: The text is no line.
    """
    folded = unicodedata.normalize("NFKC", text[:64]).translate(_MINUS_SIGNS).upper()
    folded = "".join(folded.split())
    if folded in _PICK_EM:
        return Decimal(0)
    if not _LINE.fullmatch(folded):
        raise UserError("I cannot read that as a line. Write points such as -3.5, +7 or 220.5.")
    return Decimal(folded.replace(",", "."))


def ensure_open(starts_at: datetime, status: GameStatus, now: datetime) -> None:
    """Check that bets on a game are still taken.

    Args:
        starts_at: The scheduled start, aware.
        status: What the provider says of the game.
        now: The moment of the bet, aware.

    Raises:
        UserError: The game has started, is over, or will not be played as scheduled.
    """
    if status in {GameStatus.POSTPONED, GameStatus.CANCELED}:
        raise UserError(f"That game is {status}, so bets on it are closed; pick another game.")
    if status is GameStatus.FINAL:
        raise UserError("That game is over, so bets on it are closed; pick another game.")
    if status in {GameStatus.LIVE, GameStatus.SUSPENDED} or now >= starts_at:
        raise UserError("That game has started, so bets on it are closed; pick another game.")
    if status is GameStatus.UNKNOWN:
        raise UserError("It is not known how that game stands; try again in a few minutes.")


def ensure_parlay(legs: Sequence[tuple[str, Pick]]) -> None:
    """Check that picks may be combined.

    Args:
        legs: The key of the game, and the pick.

    Raises:
        UserError: There are too few or too many legs, or two of them are in the same market of
            the same game, where they repeat or contradict each other.
    """
    if not 2 <= len(legs) <= MAX_LEGS:
        raise UserError(f"A parlay has 2 to {MAX_LEGS} legs, and yours has {len(legs)}.")
    markets = {(game, pick.market) for game, pick in legs}
    if len(markets) < len(legs):
        raise UserError(
            "Two legs of that parlay are in the same market of the same game; remove one of them."
        )


def _checked_line(market: Market, line: Decimal | None) -> Decimal | None:
    if market is Market.MONEYLINE:
        if line is not None:
            raise UserError("A moneyline has no line; leave it empty, or choose a spread.")
        return None
    if line is None:
        raise UserError(f"A {market} needs a line, such as {_example(market)}.")
    if not line.is_finite() or abs(line) >= HIGHEST_LINE or line * 4 % 1:
        raise UserError(
            f"Lines go in steps of 0.25 and stay below {HIGHEST_LINE}, such as {_example(market)}."
        )
    if market is Market.TOTAL and line <= 0:
        raise UserError("The line of a total must be above zero, such as 220.5.")
    return abs(line).quantize(LINE_QUANTUM) if not line else line.quantize(LINE_QUANTUM)


def _example(market: Market) -> str:
    return "-3.5 or +7" if market is Market.SPREAD else "220.5"


def _either(words: Sequence[StrEnum] | type[StrEnum]) -> str:
    *first, last = list(words)
    return f"{', '.join(first)} or {last}"
