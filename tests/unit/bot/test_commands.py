"""Walks all commands as they are registered, so that a new one meets the same demands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import discord
import pytest
from discord import app_commands
from pydantic import SecretStr

from bot.autocomplete import Autocomplete
from bot.client import Bot
from bot.cogs.operations import category_choices
from bot.dispatcher import Dispatcher
from dbsbm.cache import Category
from dbsbm.errors import UserError
from dbsbm.sandbox.discord.command_forms import check_commands
from dbsbm.sandbox.discord.errors import FormErrors
from dbsbm.wire.seal import Sealer
from tests.unit.bot.doubles import FakeCache, FakeFleet, FakeInteraction

ADMINISTRATORS = {"warm", "status", "performance", "optimizer"}
NAMES = {"bet", "slip", "games", "record", "leaderboard", *ADMINISTRATORS}


class Front:
    """The bot with all of its commands, in front of a fleet that only takes notes."""

    def __init__(self, folder: Path) -> None:
        self.fleet = FakeFleet()
        self.bot = Bot(
            Dispatcher(self.fleet, Sealer(SecretStr("k" * 40))),  # type: ignore[arg-type]
            Autocomplete(FakeCache(), lambda _category: None),  # type: ignore[arg-type]
            folder,
        )

    @property
    def commands(self) -> list[app_commands.Command[Any, Any, Any]]:
        return self.bot.tree.get_commands()  # type: ignore[return-value]

    @property
    def payload(self) -> list[dict[str, Any]]:
        return [command.to_dict(self.bot.tree) for command in self.commands]

    async def run(self, name: str, interaction: FakeInteraction, **options: Any) -> None:
        [command] = [c for c in self.commands if c.name == name]
        await command._invoke_with_namespace(interaction, _namespace(interaction, options))  # type: ignore[arg-type]


def _namespace(interaction: FakeInteraction, options: dict[str, Any]) -> Any:
    kinds = {str: 3, int: 4, float: 10}
    given = [{"name": n, "type": kinds[type(v)], "value": v} for n, v in options.items()]
    return app_commands.Namespace(interaction, {}, given)  # type: ignore[arg-type]


@pytest.fixture
async def front(tmp_path: Path) -> AsyncIterator[Front]:
    front = Front(tmp_path)
    await front.bot.add_commands()
    yield front
    await front.bot.close()


def interaction(*, administrator: bool = True) -> FakeInteraction:
    made = FakeInteraction()
    made.permissions = discord.Permissions(administrator=administrator)  # type: ignore[attr-defined]
    return made


async def test_discord_would_take_the_commands(front: Front) -> None:
    errors = FormErrors()
    check_commands(front.payload, errors)
    errors.raise_if_any()
    assert {command["name"] for command in front.payload} == NAMES


async def test_every_command_works_in_servers_alone(front: Front) -> None:
    for command in front.payload:
        assert command["contexts"] == [0], command["name"]
        assert command["integration_types"] == [0], command["name"]
        assert command["dm_permission"] is False, command["name"]


async def test_every_command_and_option_is_described_in_plain_words(front: Front) -> None:
    for command in front.payload:
        for described in (command, *command["options"]):
            text = described["description"]
            assert 10 <= len(text) <= 100, described["name"]
            assert text[0].isupper(), described["name"]
            assert not text.endswith((".", "…")), described["name"]


async def test_operations_are_hidden_from_members_and_the_others_are_not(front: Front) -> None:
    administrator = discord.Permissions(administrator=True).value
    for command in front.payload:
        expected = administrator if command["name"] in ADMINISTRATORS else None
        assert command["default_member_permissions"] == expected, command["name"]


@pytest.mark.parametrize("name", sorted(ADMINISTRATORS))
async def test_a_member_to_whom_an_owner_gave_an_operation_is_still_refused(
    front: Front, name: str
) -> None:
    member = interaction(administrator=False)
    with pytest.raises(app_commands.MissingPermissions):
        await front.run(name, member)
    assert front.fleet.commands == []
    assert member.events == []


@pytest.mark.parametrize(
    ("name", "given", "task", "options"),
    [
        (
            "bet",
            {"game": "7", "market": "total", "side": "over", "odds": "-110", "units": 1.5}
            | {"line": "220.5", "note": "home cooking"},
            "tasks.bets.place",
            {"game": "7", "market": "total", "side": "over", "odds": "-110", "units": "1.5"}
            | {"line": "220.5", "note": "home cooking"},
        ),
        (
            "bet",
            {"game": "7", "market": "moneyline", "side": "home", "odds": " 2.5 ", "units": 1.0},
            "tasks.bets.place",
            {"game": "7", "market": "moneyline", "side": "home", "odds": "2.5", "units": "1"}
            | {"line": None, "note": None},
        ),
        ("slip", {"bet": 12}, "tasks.slips.show", {"bet": 12}),
        ("games", {"league": "NFL"}, "tasks.games.show", {"league": "nfl"}),
        ("warm", {}, "tasks.cache.warm_command", {"categories": "all"}),
        (
            "warm",
            {"categories": "game_data, team_data"},
            "tasks.cache.warm_command",
            {"categories": "game_data,team_data"},
        ),
        ("status", {}, "tasks.status.show", {}),
        ("optimizer", {}, "tasks.optimizer.show", {}),
        ("performance", {}, "tasks.reports.performance", {"range": "24h"}),
        ("performance", {"range": "7d"}, "tasks.reports.performance", {"range": "7d"}),
        (
            "record",
            {"period": "week"},
            "tasks.standings.record",
            {"user": 44, "user_name": "Tomás", "period": "week"},
        ),
        ("leaderboard", {}, "tasks.standings.leaderboard", {"period": "all"}),
    ],
)
async def test_every_command_sends_its_task(
    front: Front, name: str, given: dict[str, Any], task: str, options: dict[str, Any]
) -> None:
    await front.run(name, interaction(), **given)
    [(sent, command, _)] = front.fleet.commands
    assert sent == task
    assert command.options == options
    assert command.ephemeral is (name in {"games", *ADMINISTRATORS})


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("bet", {"game": "chiefs"}),
        ("bet", {"odds": "1" * 33}),
        ("bet", {"note": "n" * 501}),
        ("bet", {"line": "1" * 17}),
        ("bet", {"odds": "99"}),
        ("bet", {"market": "spread", "side": "home", "line": ""}),
        ("bet", {"side": "home"}),
        ("games", {"league": "Premier League"}),
        ("warm", {"categories": "no-such"}),
    ],
)
async def test_a_wrong_shape_is_refused_before_anything_is_acknowledged_or_sent(
    front: Front, name: str, given: dict[str, Any]
) -> None:
    bet = {"game": "7", "market": "total", "side": "over", "odds": "-110", "units": 1.0}
    bet |= {"line": "220.5"}
    member = interaction()
    with pytest.raises(app_commands.CommandInvokeError) as caught:
        await front.run(name, member, **((bet if name == "bet" else {}) | given))
    assert isinstance(caught.value.original, UserError)
    assert front.fleet.commands == []
    assert member.events == []


async def test_the_bot_asks_discord_for_guilds_and_nothing_else(front: Front) -> None:
    assert front.bot.intents.value == discord.Intents(guilds=True).value


@pytest.mark.parametrize(
    ("typed", "first"),
    [("", "all"), ("gam", "game_data"), ("game_data,te", "game_data,team_data"), ("x", None)],
)
def test_categories_are_completed_one_after_the_other(typed: str, first: str | None) -> None:
    found = [choice.value for choice in category_choices(typed)]
    assert (found[0] if found else None) == first
    assert len(category_choices("")) == len(Category) + 1
