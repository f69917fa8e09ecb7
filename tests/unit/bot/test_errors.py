from __future__ import annotations

import logging

import pytest
from discord import app_commands

from bot.errors import FAULT, NOT_ALLOWED, OUTDATED, answer_error
from dbsbm.errors import UserError
from tests.unit.bot.doubles import FakeInteraction


def invoke_error(cause: Exception) -> app_commands.CommandInvokeError:
    class Named:
        name = "bet"

    return app_commands.CommandInvokeError(Named(), cause)  # type: ignore[arg-type]


async def answer(error: app_commands.AppCommandError, interaction: FakeInteraction) -> list[str]:
    await answer_error(interaction, error)  # type: ignore[arg-type]
    return interaction.events


async def test_a_refusal_is_said_as_it_is_at_once_and_to_the_member_alone() -> None:
    said = await answer(invoke_error(UserError("Choose a game.")), FakeInteraction())
    assert said == ["said: Choose a game."]


async def test_a_fault_gives_the_member_the_trace_and_the_log_the_cause(
    caplog: pytest.LogCaptureFixture,
) -> None:
    interaction = FakeInteraction()
    said = await answer(invoke_error(KeyError("inner")), interaction)
    assert said == [f"said: {FAULT.format(trace=interaction.extras['trace_id'])}"]
    [record] = caplog.records
    assert (record.levelno, record.action) == (logging.ERROR, "bot.error")  # type: ignore[attr-defined]
    assert "inner" in caplog.text


async def test_a_missing_permission_gets_a_sentence_and_no_error_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    interaction = FakeInteraction()
    interaction.command.name = "warm"
    said = await answer(app_commands.MissingPermissions(["administrator"]), interaction)
    assert said == [f"said: {NOT_ALLOWED.format(command='warm')}"]
    assert caplog.records == []


async def test_a_command_of_an_older_release_is_explained() -> None:
    said = await answer(app_commands.CommandNotFound("old", []), FakeInteraction())
    assert said == [f"said: {OUTDATED}"]


async def test_after_the_acknowledgement_the_reply_is_edited() -> None:
    interaction = FakeInteraction()
    interaction.events.append("acknowledged")
    said = await answer(invoke_error(UserError("No.")), interaction)
    assert said[-1] == "edited: No."
