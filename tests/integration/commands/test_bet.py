from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from dbsbm.commands import bet, handle
from dbsbm.db.engine import Database
from dbsbm.db.models import Bet, BetLeg, Effect, Interaction, LedgerEntry, Member
from dbsbm.wire.command import Command
from tests.integration.commands.at_once import at_once
from tests.integration.commands.requests import a_command, bet_options
from tests.integration.db.rows import a_game


def place(database: Database, command: Command) -> str:
    return handle.run(
        database,
        command,
        "trace",
        lambda session, guild, member: bet.place(session, guild, member, command, "trace"),
    )


def rows(database: Database, table: type[Any]) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def answer_to(database: Database, command: Command) -> dict[str, Any]:
    key = f"reply:{command.interaction_id}"
    with database.read() as session:
        return session.scalars(select(Effect).where(Effect.dedupe_key == key)).one().payload


def test_a_bet_its_ledger_entry_and_its_slip_are_one_transaction(database: Database) -> None:
    game = database.transact(a_game)
    command = a_command(options=bet_options(game.id, note="  my   lock  "))
    assert place(database, command) == "done"
    with database.read() as session:
        placed = session.scalars(select(Bet)).one()
        entry = session.scalars(select(LedgerEntry)).one()
        effect = session.scalars(select(Effect)).one()
        leg = session.scalars(select(BetLeg)).one()
    assert (placed.risk, placed.to_win) == (Decimal("1.5"), Decimal("2.25"))
    assert (placed.odds_american, placed.odds_decimal) == (150, Decimal("2.5"))
    assert (placed.note, placed.trace_id, placed.capper_name) == ("my lock", "trace", "Ann")
    assert (entry.kind, entry.amount) == ("risk", Decimal("-1.5"))
    assert (leg.market, leg.side, leg.line, leg.game_id) == ("moneyline", "home", None, game.id)
    assert (effect.task, effect.payload["bet_id"]) == ("tasks.slips.render", placed.id)


def test_the_same_interaction_twice_is_one_bet(database: Database) -> None:
    game = database.transact(a_game)
    command = a_command(options=bet_options(game.id))
    assert [place(database, command), place(database, command)] == ["done", "duplicate"]
    assert (rows(database, Bet), rows(database, LedgerEntry), rows(database, Effect)) == (1, 1, 1)


def test_the_same_interaction_at_the_same_moment_is_one_bet(database: Database) -> None:
    game = database.transact(a_game)
    command = a_command(options=bet_options(game.id))
    outcomes = at_once(4, lambda: place(database, command))
    assert sorted(outcomes) == ["done", "duplicate", "duplicate", "duplicate"]
    assert (rows(database, Bet), rows(database, Effect)) == (1, 1)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"units": "0.4"}, "from 0.5 to 3 units"),
        ({"units": "3.5"}, "from 0.5 to 3 units"),
        ({"units": "0.7"}, "steps of 0.5"),
        ({"units": "lots"}, "cannot read that as an amount"),
        ({"units": None}, "fill in `units`"),
        ({"odds": "0"}, "odds"),
        ({"odds": "99"}, "between -99 and +99"),
        ({"odds": "evens?"}, "odds"),
        ({"note": "x" * 10_000}, "10,000 characters"),
        ({"game": "999999"}, "do not know that game"),
        ({"game": "the lakers one"}, "do not know that game"),
        ({"game": "9" * 40}, "do not know that game"),
        ({"market": "spread"}, "needs a line"),
        ({"side": "draw"}, "no bet on a draw"),
        ({"side": "over"}, "has no over"),
        ({"market": "exacta"}, "Choose a market"),
    ],
)
def test_a_wrong_option_is_answered_and_leaves_nothing_behind(
    database: Database, wrong: dict[str, Any], sentence: str
) -> None:
    game = database.transact(a_game)
    command = a_command(options=bet_options(game.id) | wrong)
    assert place(database, command) == "refused"
    assert sentence in answer_to(database, command)["content"]
    assert answer_to(database, command)["bet_id"] is None
    assert (rows(database, Bet), rows(database, BetLeg), rows(database, LedgerEntry)) == (0, 0, 0)
    with database.read() as session:
        assert session.scalars(select(Interaction)).one().outcome == "refused"


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ({"starts_at": datetime.now(UTC) - timedelta(minutes=1)}, "has started"),
        ({"status": "live"}, "has started"),
        ({"status": "final"}, "is over"),
        ({"status": "postponed"}, "postponed"),
        ({"status": "canceled"}, "canceled"),
    ],
)
def test_a_game_that_takes_no_bets_says_so(
    database: Database, state: dict[str, Any], sentence: str
) -> None:
    game = database.transact(lambda session: a_game(session, **state))
    command = a_command(options=bet_options(game.id))
    assert place(database, command) == "refused"
    assert sentence in answer_to(database, command)["content"]


def test_a_bet_given_before_the_start_counts_though_a_worker_was_late(database: Database) -> None:
    start = datetime.now(UTC) - timedelta(seconds=20)
    game = database.transact(lambda session: a_game(session, starts_at=start))
    given = (start - timedelta(seconds=5)).isoformat()
    command = a_command(options=bet_options(game.id), created_at=given)
    assert place(database, command) == "done"


def test_a_bet_given_after_the_start_is_refused_though_a_workers_clock_is_slow(
    database: Database,
) -> None:
    start = datetime.now(UTC) + timedelta(minutes=10)
    game = database.transact(lambda session: a_game(session, starts_at=start))
    given = (start + timedelta(seconds=5)).isoformat()
    command = a_command(options=bet_options(game.id), created_at=given)
    assert place(database, command) == "refused"
    assert "has started" in answer_to(database, command)["content"]


def test_a_name_of_combining_characters_is_tamed(database: Database) -> None:
    game = database.transact(a_game)
    zalgo = "A" + "\u0301" * 500
    command = a_command(options=bet_options(game.id), user_name=zalgo)
    assert place(database, command) == "done"
    with database.read() as session:
        assert len(session.scalars(select(Bet)).one().capper_name) < 10


def test_a_member_who_changes_name_is_renamed_and_old_bets_keep_theirs(database: Database) -> None:
    game = database.transact(a_game)
    place(database, a_command(options=bet_options(game.id), user_name="Ann"))
    place(database, a_command(options=bet_options(game.id), user_name="Anna"))
    with database.read() as session:
        assert session.scalars(select(Member.display_name)).all() == ["Anna"]
        assert session.scalars(select(Bet.capper_name).order_by(Bet.id)).all() == ["Ann", "Anna"]


def test_a_fault_of_ours_is_apologised_for_once(database: Database) -> None:
    command = a_command()
    handle.apologise(database, command, "trace-7")
    handle.apologise(database, command, "trace-7")
    assert "trace-7" in answer_to(database, command)["content"]
    assert rows(database, Effect) == 1
