"""A day of games in a fleet's life: who is there, and what they do. Everything by one seed.

Of 98 things that members do, forty are a key press in a command's options, twenty a look at
a league's games, twelve each at a record and at a slip, eight at a leaderboard, and six are a bet.
Guilds and their members are drawn by Zipf's law, so that few do most; what is looked at is one's
own record in seven of ten cases, and mostly one of the newest slips.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Any, Literal

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from bench.rig.cache_slate import LEAGUES, Slate
from dbsbm.db.models import Bet, BetLeg, Game, Guild, Member
from dbsbm.sports.store import store_games, store_league

FIRST_GUILD = 1_000
FIRST_MEMBER = 1_000_000
_SKEW = 1.0
_SETTLED = ("won", "lost", "lost", "won", "push")

Kind = Literal["complete", "games", "record", "leaderboard", "slip", "bet"]
_WEIGHTS: dict[Kind, float] = {
    "complete": 40,
    "games": 20,
    "record": 12,
    "leaderboard": 8,
    "slip": 12,
    "bet": 6,
}


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that happens. What it does not need is arbitrary.

    Attributes:
        kind: What it is.
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

    def settle_down(self, session: Session, slate: Slate, morning: datetime, bets: int) -> None:
        """Write leagues, games, guilds, members, and bets of earlier days.

        Args:
            session: Where to.
            slate: The games.
            morning: When the day begins.
            bets: How many bets of earlier days there are.
        """
        for league in LEAGUES:
            store_league(session, slate.league(league))
            store_games(session, league, slate.rows(league, morning))
        _insert(session, Guild, [_guild(number, morning) for number in self.members])
        people = [(g, FIRST_MEMBER + m) for g, size in self.members.items() for m in range(size)]
        _insert(session, Member, [_member(guild, member, morning) for guild, member in people])
        rows = [self._bet(number, morning) for number in range(1, bets + 1)]
        _insert(session, Bet, rows)
        past = session.scalars(
            select(Game.id).where(Game.status == "final").order_by(Game.id)
        ).all()
        _insert(session, BetLeg, [self._leg(row, past) for row in rows])

    def _member(self, guild: int) -> int:
        return FIRST_MEMBER + self._choosers[guild].draw(self._random)

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

    def _leg(self, bet: dict[str, Any], games: Sequence[int]) -> dict[str, Any]:
        return {
            "bet_id": bet["id"],
            "position": 0,
            "game_id": self._random.choice(games),
            "market": "moneyline",
            "side": "home",
            "odds_american": bet["odds_american"],
            "odds_decimal": bet["odds_decimal"],
            "result": bet["state"],
            "result_version": 1,
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
