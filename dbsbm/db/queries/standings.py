"""Who stands where: settled bets of a guild, by member."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session

from dbsbm.betting.grading import Result
from dbsbm.betting.record import SettledBet
from dbsbm.db.models import Bet, Member

PLACES: Final = 100
"""So many members a ranking has at most."""

# A void bet never happened. The states are named, not left out, for the cache: so it knows that a
# bet that is placed changes nothing here.
_COUNTED: Final = Bet.state.in_([result.value for result in Result if result is not Result.VOID])


@dataclass(frozen=True, slots=True)
class Standing:
    """A member's place in a guild. `risked` and `profit` are units.

    Members with the same profit share a place, and the next place is as many further.
    """

    place: int
    user_id: int
    name: str
    wins: int
    losses: int
    pushes: int
    risked: Decimal
    profit: Decimal


@dataclass(frozen=True, slots=True)
class Open:
    """What a member has at stake: how many open bets, and the units in them."""

    bets: int
    risked: Decimal


def settled(session: Session, guild_id: int, user_id: int) -> list[SettledBet]:
    """Return what a member's record in a guild is made of."""
    rows = session.execute(
        select(Bet.state, Bet.risk, Bet.profit, Bet.odds_decimal, Bet.settled_at).where(
            Bet.guild_id == guild_id, Bet.user_id == user_id, _COUNTED
        )
    )
    return [
        SettledBet(Result(state), risk, profit, odds, settled_at)
        for state, risk, profit, odds, settled_at in rows
        if profit is not None and settled_at is not None  # so is every settled bet; for the types
    ]


def at_stake(session: Session, guild_id: int, user_id: int) -> Open:
    """Return what a member has at stake in a guild."""
    row = session.execute(
        select(func.count(), func.coalesce(func.sum(Bet.risk), Decimal(0))).where(
            Bet.guild_id == guild_id, Bet.user_id == user_id, Bet.state == "open"
        )
    ).one()
    return Open(*row)


def ranking(session: Session, guild_id: int, since: datetime | None = None) -> Sequence[Standing]:
    """Return the members of a guild by profit, the best first, `PLACES` at most."""
    rows = session.execute(_ranking(guild_id, since))
    return [Standing(*row) for row in rows]


def _ranking(guild_id: int, since: datetime | None) -> Select[*tuple[Any, ...]]:
    profit = func.sum(Bet.profit)
    return (
        select(
            func.rank().over(order_by=profit.desc()),
            Bet.user_id,
            Member.display_name,
            _count(Bet.profit > 0),
            _count(Bet.profit < 0),
            _count(Bet.profit == 0),
            func.sum(Bet.risk),
            profit,
        )
        .join(Member, (Member.guild_id == Bet.guild_id) & (Member.user_id == Bet.user_id))
        .where(Bet.guild_id == guild_id, Member.guild_id == guild_id, _COUNTED, *_since(since))
        .group_by(Bet.user_id, Member.display_name)
        .order_by(profit.desc(), func.count().desc(), Bet.user_id)
        .limit(PLACES)
    )


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((condition, 1)))


def _since(since: datetime | None) -> tuple[ColumnElement[bool], ...]:
    return () if since is None else (Bet.settled_at >= since,)
