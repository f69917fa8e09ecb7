"""The rows every adapter returns, whatever its provider sends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Generic, Literal, TypeVar

from dbsbm.providers.keys import game_key

GameStatus = Literal["scheduled", "live", "final", "postponed", "canceled", "suspended", "unknown"]
Market = Literal["moneyline", "spread", "total"]
Side = Literal["home", "away", "draw", "over", "under"]

RowT_co = TypeVar("RowT_co", covariant=True)


@dataclass(frozen=True, slots=True)
class LeagueRow:
    """A league that a provider covers.

    Attributes:
        key: Our own short key, such as "nfl" or "epl".
        season: The current season in the provider's own notation: "2026" or "2026-2027".
        provider_league_id: What the provider calls the league: a path or a number, as text.
    """

    provider: str
    provider_league_id: str
    key: str
    name: str
    sport: str
    country: str
    season: str


@dataclass(frozen=True, slots=True)
class TeamRow:
    """A team as a provider names it.

    Attributes:
        abbreviation: Up to five letters, or None where the provider has none.
        color: Main colour as six hexadecimal digits without "#", or None.
        alternate_color: Second colour in the same form, or None.
    """

    provider: str
    provider_team_id: str
    name: str
    abbreviation: str | None = None
    color: str | None = None
    alternate_color: str | None = None


@dataclass(frozen=True, slots=True)
class OddsRow:
    """One price of one bookmaker.

    Attributes:
        line: Handicap of `side` itself (home -1.5 stands beside away +1.5), or the total; None for
            a moneyline.
        price: Decimal odds, stake included, with four places.
        quoted: The price as the provider printed it: "-155", "EVEN", "1.50".
    """

    book: str
    market: Market
    side: Side
    line: Decimal | None
    price: Decimal
    quoted: str


@dataclass(frozen=True, slots=True)
class GameRow:
    """One game: when, who, how it stands and what the books ask.

    Attributes:
        provider_game_id: Unique within the provider and the sport only, never on its own.
        league: Our league key.
        starts_at: Scheduled start, aware UTC.
        home_score: Points so far, overtime included; None before the start.
        regulation_home_score: Soccer only: goals of the 90 minutes, on which 1X2, handicap and
            total are graded. None until the game is final, and where the provider does not say.
        shortened: The game is final although it ended before its scheduled length.
        detail: Period and clock as a person reads them: "Q3 4:05", "HT", "Final/OT".
    """

    provider: str
    provider_game_id: str
    league: str
    home: TeamRow
    away: TeamRow
    starts_at: datetime
    status: GameStatus
    home_score: int | None = None
    away_score: int | None = None
    regulation_home_score: int | None = None
    regulation_away_score: int | None = None
    shortened: bool = False
    detail: str = ""
    odds: tuple[OddsRow, ...] = ()

    @property
    def key(self) -> str:
        """Our own key of the game; see `dbsbm.providers.keys.game_key`."""
        return game_key(self.league, self.starts_at, self.home.name, self.away.name)


@dataclass(frozen=True, slots=True)
class QuotaState:
    """What the headers of an answer say is left; None where the provider is silent."""

    day_limit: int | None = None
    day_remaining: int | None = None
    minute_limit: int | None = None
    minute_remaining: int | None = None


@dataclass(frozen=True, slots=True)
class Fetched(Generic[RowT_co]):
    """The rows of one question, and what they cost.

    Attributes:
        quota: What was left after the last call, or None where the provider does not say.
        cost: Calls charged to the allowance; 0 when no call was needed.
        fetched_at: When the provider answered, aware UTC.
        elapsed: Seconds spent waiting for the provider.
        gaps: One sentence for each part that is missing although the rest is good.
    """

    rows: tuple[RowT_co, ...]
    quota: QuotaState | None
    cost: int
    fetched_at: datetime
    elapsed: float
    gaps: tuple[str, ...] = ()
