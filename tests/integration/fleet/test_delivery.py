"""A command is carried out once and answered, however often and however late it arrives."""

from __future__ import annotations

from dbsbm.db.models import Bet, Effect, Interaction, LedgerEntry
from tests.integration.fleet.conftest import Fleet
from tests.integration.fleet.discord import FakeDiscord


def a_bet(game: int) -> dict[str, str | None]:
    return {
        "game": str(game),
        "market": "moneyline",
        "side": "home",
        "line": None,
        "odds": "+150",
        "units": "1",
        "note": None,
    }


def test_a_bet_that_arrives_five_times_is_placed_and_answered_once(
    fleet: Fleet, discord: FakeDiscord
) -> None:
    fleet.worker("--every-queue")
    given = fleet.command(options=a_bet(fleet.add_game()))
    entry = fleet.entry("tasks.bets.place", given)

    fleet.enqueue(*[entry] * 5)
    fleet.wait_for(lambda: discord.edits and not fleet.inbox.size())
    fleet.send("fleet.note", line="after the duplicates")
    fleet.wait_for(fleet.notes)

    assert len(fleet.rows(Bet)) == len(fleet.rows(LedgerEntry)) == 1
    assert [row.outcome for row in fleet.rows(Interaction)] == ["done"]
    (effect,) = fleet.wait_for(lambda: [e for e in fleet.rows(Effect) if e.state == "done"])
    assert effect.result["where"] == "reply"
    assert effect.payload["to"]["token"] == ""
    assert len(discord.edits) == 1
    assert b"\x89PNG" in discord.edits[0].body
    assert effect.trace_id in entry.message


def test_what_a_killed_worker_held_is_carried_out_by_the_next(
    fleet: Fleet, discord: FakeDiscord
) -> None:
    game = fleet.add_game()
    first = fleet.worker("--every-queue")
    with fleet.database.engine.connect() as lock:
        # The worker takes the command and waits for this lock in the middle of it.
        lock.exec_driver_sql("LOCK TABLES interactions WRITE")
        entry = fleet.entry("tasks.bets.place", fleet.command(options=a_bet(game)), age=60)
        fleet.enqueue(entry)
        fleet.wait_for(lambda: fleet.client.hlen("unacked") and not fleet.client.llen(entry.key))
        first.kill()
        lock.exec_driver_sql("UNLOCK TABLES")
    assert fleet.rows(Interaction) == []
    assert fleet.inbox.size() == 1

    fleet.worker("--every-queue")
    fleet.send("tasks.outbox.relay")
    fleet.wait_for(lambda: discord.edits and not fleet.inbox.size())

    assert len(fleet.rows(Bet)) == 1
    assert len(discord.edits) == 1


def test_what_was_promised_and_never_sent_is_delivered_by_the_relay(
    fleet: Fleet, discord: FakeDiscord
) -> None:
    """The process died between its commit and sending the effect."""
    fleet.worker(profile="interactive")
    fleet.enqueue(fleet.entry("tasks.slips.show", fleet.command(name="slip", options={"bet": 7})))
    fleet.wait_for(lambda: fleet.rows(Effect))
    fleet.wait_for(lambda: fleet.client.llen("deliver"))
    fleet.client.delete("deliver")
    fleet.make_due()

    fleet.worker("--every-queue")
    fleet.send("tasks.outbox.relay")
    fleet.wait_for(lambda: discord.edits)

    assert len(discord.edits) == 1
    assert "7" in discord.edits[0].content
    fleet.wait_for(lambda: [effect.state for effect in fleet.rows(Effect)] == ["done"])
