from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from bot.dispatcher import BUSY, NOT_PLACED, UNCONFIRMED, Dispatcher
from bot.fleet import Unconfirmed
from dbsbm.errors import UserError
from dbsbm.wire.seal import Sealer
from tests.servers import wait_until_async
from tests.unit.bot.doubles import FakeFleet, FakeInteraction, busy_fleet

SEALER = Sealer(SecretStr("a secret key of more than 32 characters"))


async def dispatch(interaction: FakeInteraction, fleet: FakeFleet, **options: Any) -> None:
    dispatcher = Dispatcher(fleet, SEALER)  # type: ignore[arg-type]
    await dispatcher.dispatch(interaction, "tasks.bets.place", options, ephemeral=False)  # type: ignore[arg-type]


async def test_a_command_is_acknowledged_and_handed_over_under_its_trace() -> None:
    interaction, fleet = FakeInteraction(), FakeFleet()
    await dispatch(interaction, fleet, game="7")
    [(task, command, trace_id)] = fleet.commands
    assert interaction.events == ["acknowledged"]
    assert (task, trace_id) == ("tasks.bets.place", interaction.extras["trace_id"])
    assert command.options == {"game": "7"}


async def test_a_slow_acknowledgement_does_not_hold_up_the_queue() -> None:
    interaction, fleet = FakeInteraction(), FakeFleet()
    interaction.ack_gate.clear()
    dispatching = asyncio.create_task(dispatch(interaction, fleet))
    await wait_until_async(lambda: fleet.commands)
    assert interaction.events == []
    interaction.ack_gate.set()
    await dispatching
    assert interaction.events == ["acknowledged"]


async def test_a_slow_broker_does_not_hold_up_the_acknowledgement() -> None:
    interaction, fleet = FakeInteraction(), FakeFleet()
    gate = asyncio.Event()

    async def slow(*_: Any) -> None:
        await gate.wait()

    fleet.hand_over = slow  # type: ignore[method-assign]
    dispatching = asyncio.create_task(dispatch(interaction, fleet))
    await wait_until_async(interaction.is_done)
    gate.set()
    await dispatching


async def test_a_busy_fleet_is_told_after_the_acknowledgement() -> None:
    interaction = FakeInteraction()
    await dispatch(interaction, busy_fleet())
    assert interaction.events == ["acknowledged", f"edited: {BUSY}"]


async def test_an_unconfirmed_command_never_claims_that_nothing_was_placed() -> None:
    interaction, fleet = FakeInteraction(), FakeFleet(failure=Unconfirmed("slow"))
    dispatching = asyncio.create_task(dispatch(interaction, fleet))
    await wait_until_async(lambda: len(interaction.events) == 2)
    assert interaction.events[1] == f"followed up: {UNCONFIRMED}"
    assert "nothing was placed" not in UNCONFIRMED
    fleet.settled.set()
    await dispatching


async def test_an_unconfirmed_command_that_was_taken_is_left_to_its_worker() -> None:
    interaction, fleet = FakeInteraction(), FakeFleet(failure=Unconfirmed("slow"), taken=True)
    fleet.settled.set()
    await dispatch(interaction, fleet)
    assert interaction.events == ["acknowledged", f"followed up: {UNCONFIRMED}"]


async def test_a_notice_beside_a_worker_s_answer_is_taken_away_again() -> None:
    interaction, fleet = FakeInteraction(), FakeFleet(failure=Unconfirmed("slow"), taken=True)
    interaction.filled = True
    fleet.settled.set()
    await dispatch(interaction, fleet)
    assert interaction.events[-1] == "deleted the follow-up"


async def test_an_unconfirmed_command_that_was_not_taken_says_so_in_the_end() -> None:
    interaction, fleet = FakeInteraction(), FakeFleet(failure=Unconfirmed("slow"), taken=False)
    fleet.settled.set()
    await dispatch(interaction, fleet)
    assert interaction.events[-1] == f"edited: {NOT_PLACED}"


async def test_an_old_interaction_is_enqueued_only_once_discord_has_taken_the_acknowledgement() -> (
    None
):
    interaction = FakeInteraction(age=timedelta(seconds=5))
    fleet = FakeFleet(log=interaction.events)
    await dispatch(interaction, fleet)
    assert interaction.events == ["acknowledged", "enqueued"]


async def test_an_old_interaction_that_discord_has_given_up_is_not_carried_out() -> None:
    interaction, fleet = FakeInteraction(age=timedelta(seconds=5)), FakeFleet()
    interaction.refuse_ack = True
    await dispatch(interaction, fleet)
    assert fleet.commands == []


async def test_a_refused_acknowledgement_is_logged_without_the_token(
    caplog: pytest.LogCaptureFixture,
) -> None:
    interaction, fleet = FakeInteraction(), FakeFleet()
    interaction.refuse_ack = True
    with caplog.at_level(logging.DEBUG):
        await dispatch(interaction, fleet)
    actions = [record.action for record in caplog.records if hasattr(record, "action")]
    assert actions == ["bot.not_acknowledged", "bot.command"]
    assert interaction.token not in caplog.text


async def test_every_command_leaves_a_line_with_its_timings(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        await dispatch(FakeInteraction(), FakeFleet())
    [line] = [record for record in caplog.records if record.action == "bot.command"]
    assert (line.command, line.outcome) == ("bet", "enqueued")
    assert 0 <= line.ack_ms < 1000
    assert 0 <= line.enqueue_ms < 1000


async def test_a_fault_while_enqueuing_reaches_the_error_handler_after_the_acknowledgement() -> (
    None
):
    interaction, fleet = FakeInteraction(), FakeFleet(failure=RuntimeError("a bug"))
    with pytest.raises(RuntimeError):
        await dispatch(interaction, fleet)
    assert interaction.events == ["acknowledged"]


async def test_a_command_from_a_private_message_gets_a_sentence() -> None:
    interaction, fleet = FakeInteraction(in_guild=False), FakeFleet()
    with pytest.raises(UserError, match="servers only"):
        await dispatch(interaction, fleet)
    assert interaction.events == []


async def test_draining_waits_for_what_is_in_hand_and_no_longer_than_asked() -> None:
    interaction, fleet = FakeInteraction(), FakeFleet()
    interaction.ack_gate.clear()
    dispatcher = Dispatcher(fleet, SEALER)  # type: ignore[arg-type]
    dispatching = asyncio.create_task(
        dispatcher.dispatch(interaction, "tasks.bets.place", {}, ephemeral=False)  # type: ignore[arg-type]
    )
    await wait_until_async(lambda: fleet.commands)
    await dispatcher.drain(0.01)
    assert not dispatching.done()
    interaction.ack_gate.set()
    await dispatcher.drain(10)
    assert interaction.events == ["acknowledged"]
    await dispatching
