"""The buttons below an incident: who may press them, and what becomes of a press."""

from __future__ import annotations

import re
from typing import Any

import discord
import pytest
from pydantic import SecretStr

from bot.dispatcher import Dispatcher
from bot.incident_buttons import NOT_ALLOWED, incident_button
from dbsbm.wire.incident_buttons import PATTERN, Deed, custom_id
from dbsbm.wire.seal import Sealer
from tests.unit.bot.doubles import FakeFleet, FakeInteraction

ALLOWED = [discord.Permissions(manage_guild=True), discord.Permissions(administrator=True)]


async def press(fleet: FakeFleet, button_id: str, rights: discord.Permissions) -> FakeInteraction:
    """Press a button as discord.py tells a bot that has just started of it."""
    interaction: Any = FakeInteraction()
    interaction.command = None
    interaction.permissions = rights
    dispatcher = Dispatcher(fleet, Sealer(SecretStr("k" * 40)))  # type: ignore[arg-type]
    kind = incident_button(dispatcher)
    match = kind.__discord_ui_compiled_template__.fullmatch(button_id)
    assert match is not None
    item = discord.ui.Button[Any](custom_id=button_id, label="any")
    button = await kind.from_custom_id(interaction, item, match)
    await button.callback(interaction)
    return interaction  # type: ignore[no-any-return]


@pytest.mark.parametrize("rights", ALLOWED, ids=["manager", "administrator"])
@pytest.mark.parametrize("deed", list(Deed))
async def test_a_press_is_acknowledged_and_handed_to_the_fleet(
    deed: Deed, rights: discord.Permissions
) -> None:
    fleet = FakeFleet()
    interaction = await press(fleet, custom_id(9_007_199_254_740_993, deed), rights)
    [(task, command, trace)] = fleet.commands
    assert task == "tasks.incidents.decide"
    assert command.options == {"incident": 9_007_199_254_740_993, "deed": deed.value}
    assert (command.name, command.ephemeral) == (deed.value, True)
    assert trace == interaction.extras["trace_id"]
    assert interaction.events == ["acknowledged"]


async def test_a_member_who_does_not_manage_the_server_is_refused_before_the_fleet() -> None:
    fleet = FakeFleet()
    member = discord.Permissions(manage_messages=True, manage_channels=True)
    interaction = await press(fleet, custom_id(3, Deed.SILENCE), member)
    assert fleet.commands == []
    assert interaction.events == [f"said: {NOT_ALLOWED}"]


async def test_a_fault_of_ours_is_answered_with_a_code() -> None:
    fleet = FakeFleet(failure=RuntimeError("broken"))
    interaction = await press(fleet, custom_id(3, Deed.ACKNOWLEDGE), ALLOWED[0])
    assert interaction.extras["trace_id"] in interaction.events[-1]


@pytest.mark.parametrize("deed", list(Deed))
def test_the_longest_id_fits_into_what_discord_takes(deed: Deed) -> None:
    assert len(custom_id(2**63 - 1, deed)) <= 100


@pytest.mark.parametrize("text", ["incident::silence", "incident:1:delete", "xincident:1:silence"])
def test_other_ids_are_not_ours(text: str) -> None:
    assert re.fullmatch(PATTERN, text) is None
