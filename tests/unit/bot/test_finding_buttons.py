"""The buttons below a finding: who may press them, and what becomes of a press."""

from __future__ import annotations

import re
from typing import Any

import discord
import pytest
from pydantic import SecretStr

from bot.dispatcher import Dispatcher
from bot.finding_buttons import NOT_ALLOWED, finding_button
from dbsbm.wire.finding_buttons import FINDING_PATTERN, FindingDeed, finding_custom_id
from dbsbm.wire.seal import Sealer
from tests.unit.bot.doubles import FakeFleet, FakeInteraction

FINDING = "0123456789abcdef" * 2


async def press(fleet: FakeFleet, button_id: str, rights: discord.Permissions) -> FakeInteraction:
    interaction: Any = FakeInteraction()
    interaction.command = None
    interaction.permissions = rights
    dispatcher = Dispatcher(fleet, Sealer(SecretStr("k" * 40)))  # type: ignore[arg-type]
    kind = finding_button(dispatcher)
    match = kind.__discord_ui_compiled_template__.fullmatch(button_id)
    assert match is not None
    item = discord.ui.Button[Any](custom_id=button_id, label="any")
    button: Any = await kind.from_custom_id(interaction, item, match)
    await button.callback(interaction)
    return interaction  # type: ignore[no-any-return]


@pytest.mark.parametrize("deed", list(FindingDeed))
async def test_a_press_is_handed_to_the_fleet(deed: FindingDeed) -> None:
    fleet = FakeFleet()
    rights = discord.Permissions(administrator=True)
    await press(fleet, finding_custom_id(FINDING, deed), rights)
    [(task, command, _)] = fleet.commands
    assert task == "tasks.optimizer.decide"
    assert command.options == {"finding": FINDING, "deed": deed.value}
    assert (command.name, command.ephemeral) == (deed.value, True)


async def test_only_administrators_decide_about_the_database() -> None:
    fleet = FakeFleet()
    manager = discord.Permissions(manage_guild=True)
    interaction = await press(fleet, finding_custom_id(FINDING, FindingDeed.APPLY), manager)
    assert fleet.commands == []
    assert interaction.events == [f"said: {NOT_ALLOWED}"]


@pytest.mark.parametrize("text", ["finding::apply", "finding:12:apply", f"finding:{FINDING}:drop"])
def test_other_ids_are_not_ours(text: str) -> None:
    assert re.fullmatch(FINDING_PATTERN, text) is None
