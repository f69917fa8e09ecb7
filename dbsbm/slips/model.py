"""What a slip shows, as plain values, and the key under which its picture is cached."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal, get_args

from dbsbm.betting import bets

Pick = Literal["home", "away", "draw", "over", "under"]
Market = Literal["moneyline", "spread", "total"]
Status = Literal["open", "won", "lost", "push", "half_won", "half_lost", "void"]
OddsFormat = Literal["american", "decimal", "fractional"]

# Raise it with every change that alters a pixel: pictures drawn by an older template then miss
# the image cache instead of being served again.
TEMPLATE_VERSION = 1


@dataclass(frozen=True)
class Team:
    """One side of a game.

    Attributes:
        name: Full name in any script; may be empty.
        abbreviation: Short form for the badge, such as "LAL"; may be empty.
        color: Main colour as "#RRGGBB". None or malformed: one is derived from the name.
        alternate_color: Second colour as "#RRGGBB", for the badge's ring and letters.
    """

    name: str
    abbreviation: str
    color: str | None
    alternate_color: str | None


@dataclass(frozen=True)
class StraightSlip:
    """Every input of the picture of a straight bet: equal slips give equal bytes.

    Attributes:
        bet_id: Number members refer to the bet by.
        league: League as shown, such as "NBA".
        sport: Sport the league belongs to, such as "basketball"; chooses the icon.
        home: Home team, drawn on the left.
        away: Away team, drawn on the right.
        pick: What was bet on.
        market: Kind of bet; decides how `line` is written.
        line: Handicap of the picked team, or the total; None for a moneyline.
        odds_american: Price as American odds.
        odds_decimal: Price as decimal odds.
        risk: Stake in units.
        to_win: Profit in units if the bet wins.
        capper_name: Member who placed the bet.
        capper_avatar: PNG, JPEG or WebP bytes. None or unreadable: the initial is drawn.
        status: Where the bet stands.
        starts_at: Start of the game (aware).
        placed_at: When the bet was placed (aware).
        note: The capper's own words, or None.
        sandbox: Whether the game is made up; the picture then says so.
        odds_format: How the price is written.

    Raises:
        ValueError: A time is naive, a word is not one of the above, or pick, market and line
            contradict each other.
    """

    bet_id: int
    league: str
    sport: str
    home: Team
    away: Team
    pick: Pick
    market: Market
    line: Decimal | None
    odds_american: int
    odds_decimal: Decimal
    risk: Decimal
    to_win: Decimal
    capper_name: str
    capper_avatar: bytes | None
    status: Status
    starts_at: datetime
    placed_at: datetime
    note: str | None
    sandbox: bool
    odds_format: OddsFormat

    def __post_init__(self) -> None:
        for field, choices in _CHOICES.items():
            if getattr(self, field) not in get_args(choices):
                raise ValueError(f"{field} must be one of {', '.join(get_args(choices))}.")
        for field in ("starts_at", "placed_at"):
            if getattr(self, field).utcoffset() is None:
                raise ValueError(f"{field} must be an aware datetime, for the slip names its zone.")
        if self.pick not in bets.SIDES[bets.Market(self.market)]:
            raise ValueError(f"A {self.market} bet cannot be on {self.pick}.")
        if (self.line is None) != (self.market == "moneyline"):
            raise ValueError(f"A {self.market} bet cannot have the line {self.line}.")


_CHOICES: dict[str, Any] = {
    "pick": Pick,
    "market": Market,
    "status": Status,
    "odds_format": OddsFormat,
}


def content_key(slip: StraightSlip, theme_name: str) -> str:
    """Return the hex digest under which the slip's picture may be cached.

    It depends on the values alone: 1.50 and 1.5 units, or one instant in two zones, draw the
    same picture and have the same key, in every process.
    """
    content = {"template": TEMPLATE_VERSION, "theme": theme_name, "slip": asdict(slip)}
    canonical = json.dumps(content, sort_keys=True, default=_canonical)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _canonical(value: object) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    raise TypeError(f"A slip holds no {type(value).__name__}.")


def plain(value: Decimal) -> str:
    """Return a number's shortest plain notation: no exponent, no trailing zeros, no minus zero."""
    return format((value + 0).normalize(), "f")
