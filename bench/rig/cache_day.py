"""A day of games in a fleet's life: who is there, and what they do. Everything by one seed."""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Any, Literal

from sqlalchemy import insert
from sqlalchemy.orm import Session

from dbsbm.db.models import Bet, BetLeg, Game, Guild, League, Member, Team

LEAGUES = {"nfl": "football", "nba": "basketball", "mlb": "baseball", "nhl": "hockey"}
TEAMS = 30
PAST_GAMES = 64
FIRST_GUILD = 1_000
FIRST_MEMBER = 1_000_000
_SKEW = 1.0
_SETTLED = ("won", "lost", "lost", "won", "push")

Kind = Literal["complete", "games", "record", "leaderboard", "slip", "bet", "score", "final"]
_WEIGHTS: dict[Kind, float] = {
    "complete": 40,
    "games": 20,
    "record": 12,
    "leaderboard": 8,
    "slip": 12,
    "bet": 6,
    "score": 1.8,
    "final": 0.2,
}


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that happens. What it does not need is arbitrary.

    Attributes:
        kind: What it is: `score` and `final` come from the provider, the others from a member.
        guild: Where.
        member: Who.
        other: Whom it is about, who may be the same.
        league: Which league they look at.
        draw: From 0 to 1: picks a game or a bet among those there are by then.
    """

    kind: Kind
    guild: int
    member: int
    other: int
    league: str
    draw: float


class Town:
    """Guilds and their members, few of whom do most.

    Args:
        guilds: How many guilds there are.
        members: How many members they have together.
        seed: Of all that is random.
    """

    def __init__(self, guilds: int, members: int, seed: int) -> None:
        self._random = random.Random(seed)
        self._guilds = _Zipf(guilds)
        shares = [max(2, round(members * weight)) for weight in self._guilds.shares]
        self.members = {FIRST_GUILD + n: size for n, size in enumerate(shares)}
        self._choosers = {guild: _Zipf(size) for guild, size in self.members.items()}

    def acts(self, count: int) -> Iterator[Act]:
        """Yield what happens, one after another."""
        kinds, weights = list(_WEIGHTS), list(_WEIGHTS.values())
        for _ in range(count):
            [kind] = self._random.choices(kinds, weights)
            guild = FIRST_GUILD + self._guilds.draw(self._random)
            member = self._member(guild)
            other = member if self._random.random() < 0.7 else self._member(guild)
            league = self._random.choices(list(LEAGUES), (6, 3, 2, 1))[0]
            yield Act(kind, guild, member, other, league, self._random.random())

    def settle_down(self, session: Session, games: int, bets: int) -> None:
        """Write leagues, teams, guilds, members, today's games, and bets of earlier days."""
        now = datetime.now(UTC)
        _insert(session, League, list(_leagues(now)))
        _insert(session, Team, list(_teams(now)))
        _insert(session, Game, [*self._games(now, games), *self._past_games(now, games)])
        _insert(session, Guild, [_guild(number, now) for number in self.members])
        people = [(g, FIRST_MEMBER + m) for g, size in self.members.items() for m in range(size)]
        _insert(session, Member, [_member(guild, member, now) for guild, member in people])
        rows = [self._bet(number, now) for number in range(1, bets + 1)]
        _insert(session, Bet, rows)
        _insert(session, BetLeg, [self._leg(row, games + 1) for row in rows])

    def _member(self, guild: int) -> int:
        return FIRST_MEMBER + self._choosers[guild].draw(self._random)

    def _games(self, now: datetime, count: int) -> Iterator[dict[str, Any]]:
        for number in range(count):
            league = list(LEAGUES)[number % len(LEAGUES)]
            first = list(LEAGUES).index(league) * TEAMS + 1
            home, away = self._random.sample(range(first, first + TEAMS), 2)
            starts = now + timedelta(minutes=self._random.randrange(-120, 2400))
            yield {
                "id": number + 1,
                "game_key": f"game-{number}",
                "league_key": league,
                "home_team_id": home,
                "away_team_id": away,
                "starts_at": starts,
                "status": "live" if starts < now else "scheduled",
                "odds": [],
                "provider": "bench",
                "provider_game_id": str(number),
                "fetched_at": now,
            }

    def _past_games(self, now: datetime, first: int) -> Iterator[dict[str, Any]]:
        """What the bets of earlier days were on; their ids come after those of today's games."""
        for number, game in enumerate(self._games(now, PAST_GAMES), start=first):
            yield game | {
                "id": number + 1,
                "game_key": f"game-{number}",
                "provider_game_id": str(number),
                "starts_at": now - timedelta(days=self._random.uniform(2, 60)),
                "status": "final",
                "home_score": 21,
                "away_score": 14,
            }

    def _bet(self, number: int, now: datetime) -> dict[str, Any]:
        guild = FIRST_GUILD + self._guilds.draw(self._random)
        state = self._random.choice(_SETTLED)
        placed = now - timedelta(days=self._random.uniform(1, 60))
        return {
            "id": number,
            "interaction_id": number,
            "guild_id": guild,
            "user_id": self._member(guild),
            "channel_id": 1,
            "capper_name": "A member",
            "risk": Decimal(1),
            "to_win": Decimal("0.91"),
            "odds_input": "-110",
            "odds_american": -110,
            "odds_decimal": Decimal("1.9091"),
            "state": state,
            "profit": {"won": Decimal("0.91"), "lost": Decimal(-1)}.get(state, Decimal(0)),
            "trace_id": "bench",
            "placed_at": placed,
            "settled_at": placed + timedelta(hours=4),
        }

    def _leg(self, bet: dict[str, Any], first_game: int) -> dict[str, Any]:
        return {
            "bet_id": bet["id"],
            "position": 0,
            "game_id": first_game + self._random.randrange(PAST_GAMES),
            "market": "moneyline",
            "side": "home",
            "odds_american": bet["odds_american"],
            "odds_decimal": bet["odds_decimal"],
            "result": bet["state"],
        }


class _Zipf:
    """Draws ranks from 0, the n-th as often as 1 / n to the power of the skew."""

    def __init__(self, size: int) -> None:
        weights = [1 / (rank + 1) ** _SKEW for rank in range(size)]
        total = sum(weights)
        self.shares = [weight / total for weight in weights]
        self._edges = list(accumulate(self.shares))

    def draw(self, chosen: random.Random) -> int:
        return min(bisect(self._edges, chosen.random()), len(self._edges) - 1)


def _insert(session: Session, model: type[Any], rows: Sequence[dict[str, Any]]) -> None:
    session.execute(insert(model), rows)


def _leagues(now: datetime) -> Iterator[dict[str, Any]]:
    for key, sport in LEAGUES.items():
        yield {"key": key, "name": key.upper(), "sport": sport, "updated_at": now}


def _teams(now: datetime) -> Iterator[dict[str, Any]]:
    for place, league in enumerate(LEAGUES):
        for number in range(TEAMS):
            yield {
                "id": place * TEAMS + number + 1,
                "league_key": league,
                "team_key": f"team-{number}",
                "name": f"{league.upper()} Team {number}",
                "abbreviation": f"T{number}",
                "updated_at": now,
            }


def _guild(number: int, now: datetime) -> dict[str, Any]:
    return {"id": number, "name": f"Guild {number}", "created_at": now, "updated_at": now}


def _member(guild: int, member: int, now: datetime) -> dict[str, Any]:
    return {
        "guild_id": guild,
        "user_id": member,
        "display_name": f"Member {member}",
        "created_at": now,
        "updated_at": now,
    }
