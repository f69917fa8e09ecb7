from __future__ import annotations

import json

import pytest
from pydantic import SecretStr

from bot.envelope import to_command
from dbsbm.errors import UserError
from dbsbm.wire.command import Command
from dbsbm.wire.seal import Sealer
from tests.unit.bot.doubles import TOKEN, FakeInteraction

SEALER = Sealer(SecretStr("a secret key of more than 32 characters"))


def test_an_interaction_is_described_with_all_that_a_worker_needs() -> None:
    interaction = FakeInteraction()
    command = to_command(interaction, SEALER, {"bet": 5}, ephemeral=True)  # type: ignore[arg-type]
    assert command.to_json() | {"reply_token": "", "created_at": ""} == {
        "interaction_id": interaction.id,
        "application_id": 11,
        "reply_token": "",
        "guild_id": 22,
        "guild_name": "Sunday Parlay Club",
        "channel_id": 33,
        "user_id": 44,
        "user_name": "Tomás",
        "user_avatar": "a_0123abcd",
        "locale": "es-ES",
        "created_at": "",
        "name": "bet",
        "options": {"bet": 5},
        "ephemeral": True,
    }
    assert command.created == interaction.created_at


def test_the_command_survives_the_wire() -> None:
    command = to_command(FakeInteraction(), SEALER, {"bet": 5}, ephemeral=False)  # type: ignore[arg-type]
    assert Command.from_json(json.loads(json.dumps(command.to_json()))) == command


def test_the_token_travels_sealed_and_opens_with_the_same_key() -> None:
    command = to_command(FakeInteraction(), SEALER, {}, ephemeral=False)  # type: ignore[arg-type]
    assert TOKEN not in json.dumps(command.to_json())
    assert SEALER.open(command.reply_token).get_secret_value() == TOKEN


def test_a_member_without_an_avatar_and_a_guild_we_do_not_know_are_no_hindrance() -> None:
    interaction = FakeInteraction()
    interaction.user.avatar = None
    interaction.guild = None
    command = to_command(interaction, SEALER, {}, ephemeral=False)  # type: ignore[arg-type]
    assert (command.user_avatar, command.guild_name) == (None, "")


def test_outside_of_a_guild_there_is_no_command() -> None:
    with pytest.raises(UserError, match="servers only"):
        to_command(FakeInteraction(in_guild=False), SEALER, {}, ephemeral=False)  # type: ignore[arg-type]
