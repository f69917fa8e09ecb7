from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from sqlalchemy.orm import Session

from dbsbm.betting.record import Record, summarize
from dbsbm.db.engine import Database
from dbsbm.db.models import Game, Member
from dbsbm.db.queries import standings
from dbsbm.db.queries.standings import Open
from tests.integration.db.rows import a_bet, a_game, a_guild

NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)
_interactions = count(5000)


def settled(session: Session, game: Game, user: int, profit: str, **values: Any) -> None:
    """A settled bet of one unit, with the state that fits its profit."""
    units = Decimal(profit)
    state = "won" if units > 0 else "lost" if units < 0 else "push"
    a_bet(
        session,
        game=game,
        **{
            "interaction_id": next(_interactions),
            "user_id": user,
            "profit": units,
            "state": state,
            "settled_at": NOW,
        }
        | values,
    )


def record_of(session: Session, guild: int, user: int, since: datetime | None = None) -> Record:
    bets = standings.settled(session, guild, user)
    return summarize(bet for bet in bets if since is None or bet.settled_at >= since)


@pytest.fixture
def club(database: Database) -> Database:
    """Guild 1: Ann (1) is ahead, Bob and Cyd (2, 3) share a place; guild 2: Ann lost."""

    def fill(session: Session) -> None:
        game = a_game(session)
        for guild in (1, 2):
            a_guild(session, id=guild)
            for user, name in ((1, "Ann"), (2, "Bob"), (3, "Cyd")):
                session.add(
                    Member(
                        guild_id=guild,
                        user_id=user,
                        display_name=name,
                        created_at=NOW,
                        updated_at=NOW,
                    )
                )
        session.flush()
        settled(session, game, 1, "1.5", settled_at=NOW - timedelta(days=10))
        settled(session, game, 1, "1.5")
        settled(session, game, 1, "-1", settled_at=NOW - timedelta(days=12))
        settled(session, game, 1, "0", state="void")
        settled(session, game, 2, "-1")
        settled(session, game, 2, "0")
        settled(session, game, 3, "-1")
        settled(session, game, 1, "-1", guild_id=2)
        a_bet(session, game=game, interaction_id=next(_interactions))

    database.transact(fill)
    return database


def test_a_ranking_has_the_same_numbers_as_each_members_record(club: Database) -> None:
    with club.read() as session:
        ranking = standings.ranking(session, 1)
        for standing in ranking:
            record = record_of(session, 1, standing.user_id)
            assert (record.wins, record.losses, record.pushes, record.risked, record.profit) == (
                standing.wins,
                standing.losses,
                standing.pushes,
                standing.risked,
                standing.profit,
            )
    assert [(row.place, row.name, row.profit) for row in ranking] == [
        (1, "Ann", Decimal(2)),
        (2, "Bob", Decimal(-1)),
        (2, "Cyd", Decimal(-1)),
    ]


def test_only_bets_settled_since_the_moment_count(club: Database) -> None:
    week_ago = NOW - timedelta(days=7)
    with club.read() as session:
        assert standings.ranking(session, 1, week_ago)[0].profit == Decimal("1.5")
        record = record_of(session, 1, 1, week_ago)
    assert (str(record), record.streak) == ("1-0-0", 1)


def test_a_guild_and_a_member_without_bets_have_empty_standings(club: Database) -> None:
    with club.read() as session:
        assert standings.ranking(session, 3) == []
        assert record_of(session, 1, 99) == Record()
        assert standings.at_stake(session, 1, 99) == Open(0, Decimal(0))


def test_open_bets_are_at_stake_and_not_in_the_record(club: Database) -> None:
    with club.read() as session:
        assert standings.at_stake(session, 1, 1) == Open(1, Decimal(1))
        assert str(record_of(session, 1, 1)) == "2-1-0"
