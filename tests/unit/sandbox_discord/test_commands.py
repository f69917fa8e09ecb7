"""Registering commands, and what members may type after the slash."""

from __future__ import annotations

import itertools

import pytest

from dbsbm.sandbox.discord.command_registry import CommandRegistry, may_use
from dbsbm.sandbox.discord.config import StandinConfig
from dbsbm.sandbox.discord.core import Core
from dbsbm.sandbox.discord.default_world import AMIRA, BOT, MAYA, default_world
from dbsbm.sandbox.discord.errors import ApiError, Refusal
from dbsbm.sandbox.discord.ids import Snowflakes
from dbsbm.sandbox.discord.lookup import find_channel, find_guild, find_member, find_role
from dbsbm.sandbox.discord.member_input import OptionReader, find_command


@pytest.fixture
def registry():
    return CommandRegistry(BOT.id, Snowflakes(lambda: 1_800_000_000.0))


@pytest.fixture
def reader():
    core = Core("token", StandinConfig(), default_world(), lambda: 1_800_000_000.0)
    guild = find_guild(core.world, None)
    return OptionReader(core, guild, find_channel(guild, "slips"), find_member(guild, None))


def option(kind, name="x", **more):
    return {"type": kind, "name": name, "description": "d", **more}


def command(*options, **more):
    return {"name": "bet", "description": "Bets", "options": list(options), **more}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (command(name="Bet"), "STRING_TYPE_REGEX"),
        (command(name="be t"), "STRING_TYPE_REGEX"),
        (command(name="x" * 33), "BASE_TYPE_BAD_LENGTH"),
        (command(description=""), "BASE_TYPE_BAD_LENGTH"),
        (command(description=None), "BASE_TYPE_REQUIRED"),
        (command(*(option(3, f"o{n}") for n in range(26))), "BASE_TYPE_MAX_LENGTH"),
        (command(option(3), option(4)), "NAME_ALREADY_EXISTS"),
        (command(option(3, "a"), option(3, "b", required=True)), "REQUIRED_INVALID"),
        (command(option(1, "a"), option(3, "b")), "OPTIONS_TYPE_INVALID"),
        (command(option(3, choices=[{"name": "n", "value": 7}])), "STRING_TYPE_CONVERT"),
        (command(option(4, choices=[{"name": "n", "value": "7"}])), "NUMBER_TYPE_COERCE"),
        (
            command(option(3, autocomplete=True, choices=[{"name": "n", "value": "v"}])),
            "CHOICES_AUTOCOMPLETE",
        ),
        (
            command(*(option(3, f"o{n}", description="x" * 100) for n in range(25)), option(12)),
            "CHOICES",
        ),
        (
            command(
                *(
                    option(
                        1,
                        f"s{n}",
                        options=[option(3, f"o{m}", description="x" * 90) for m in range(5)],
                    )
                    for n in range(9)
                )
            ),
            "COMMAND_TOO_LARGE",
        ),
    ],
)
def test_a_command_beyond_a_limit_is_refused(registry, given, code):
    with pytest.raises(ApiError) as refused:
        registry.replace(None, [given])

    assert refused.value.code == 50035
    assert code in str(refused.value.errors)


@pytest.mark.parametrize("name", ["bet", "bet-now", "賭け", "ставка", "सट्टा", "it's"])
def test_names_of_any_script_are_taken(registry, name):
    assert registry.replace(None, [command(name=name)])[0]["name"] == name


def test_names_are_unique_a_type_and_context_menus_may_have_capitals_and_spaces(registry):
    menu = {"name": "Copy This Bet", "type": 3}

    assert [c["type"] for c in registry.replace(None, [command(), menu])] == [1, 3]
    with pytest.raises(ApiError, match="Invalid Form Body"):
        registry.replace(None, [command(), command()])


def test_at_most_100_commands(registry):
    hundred = [command(name=f"c{n}") for n in range(100)]
    registry.replace(None, hundred)

    for attempt in (
        lambda: registry.replace(None, [*hundred, command()]),
        lambda: registry.upsert(None, command()),
    ):
        with pytest.raises(ApiError) as refused:
            attempt()
        assert refused.value.code == 30032


def test_a_guilds_command_hides_the_global_one(registry):
    registry.replace(None, [command()])
    registry.replace("7", [command(description="Local")])

    assert [c["description"] for c in registry.in_guild("7")] == ["Local"]
    assert [c["description"] for c in registry.in_guild("8")] == ["Bets"]


@pytest.mark.parametrize(
    ("default", "admin", "manager", "ordinary"),
    [(None, True, True, True), ("0", True, False, False), ("32", True, True, False)],
)
def test_default_permissions_decide_who_is_offered_a_command(
    registry, default, admin, manager, ordinary
):
    [stored] = registry.replace(None, [command(default_member_permissions=default)])
    guild = find_guild(default_world(), None)
    channel = find_channel(guild, None)
    people = [find_member(guild, n) for n in (MAYA.id, "tomas.rivera", AMIRA.id)]

    allowed = [may_use(stored, guild, channel, person) for person in people]

    assert allowed == [admin, manager, ordinary]


def test_subcommands_are_found_and_their_absence_is_explained():
    core = Core("token", StandinConfig(), default_world(), itertools.count().__next__)
    tree = command(option(2, "single", options=[option(1, "place"), option(1, "cancel")]))
    core.commands.replace(None, [tree])
    guild = find_guild(core.world, None)
    where = guild, find_channel(guild, None), find_member(guild, None)

    found, path = find_command(core, "/bet single place", *where)

    assert (found["name"], [o["name"] for o in path]) == ("bet", ["single", "place"])
    for typed, reason in [
        ("bet", "single"),
        ("bet single", "place, cancel"),
        ("bet single place now", "'now' is not part"),
        ("nothing", "No command /nothing"),
        ("", "No command /"),
    ]:
        with pytest.raises(Refusal, match=reason):
            find_command(core, typed, *where)


@pytest.mark.parametrize(
    ("declared", "given", "sent"),
    [
        (option(3), "text", "text"),
        (option(4), "7", 7),
        (option(10), "2.5", 2.5),
        (option(5), "TRUE", True),
        (option(5), False, False),
        (option(3, choices=[{"name": "Moneyline", "value": "ml"}]), "Moneyline", "ml"),
        (option(6), "أميرة حداد", AMIRA.id),
        (option(6), "@amira.haddad", AMIRA.id),
        (option(9), MAYA.id, MAYA.id),
    ],
)
def test_option_values_are_sent_in_their_type(reader, declared, given, sent):
    [option_sent] = reader.read([declared], {"x": given})

    assert option_sent == {"name": "x", "type": declared["type"], "value": sent}


@pytest.mark.parametrize(
    ("declared", "given", "reason"),
    [
        (option(3, required=True), {}, "required"),
        (option(3), {"y": 1}, "no option 'y'; this command has: x"),
        (option(3, max_length=2), {"x": "abc"}, "0 to 2 characters"),
        (option(4), {"x": "2.5"}, "whole number"),
        (option(4, min_value=1), {"x": "0"}, "takes 1 to"),
        (option(10), {"x": "nan"}, "takes"),
        (option(5), {"x": "yes"}, "true or false"),
        (option(3, choices=[{"name": "A", "value": "a"}]), {"x": "b"}, "one of: A"),
        (option(6), {"x": "nobody"}, "no member 'nobody'"),
        (option(7), {"x": "nowhere"}, "no channel 'nowhere'"),
        (option(8), {"x": "king"}, "no role 'king'"),
        (option(11), {"x": "no file"}, "takes a file"),
    ],
)
def test_what_does_not_fit_an_option_is_refused_in_a_sentence(reader, declared, given, reason):
    with pytest.raises(Refusal, match=reason):
        reader.read([declared], given)


def test_what_options_refer_to_is_resolved(reader):
    guild = find_guild(default_world(), None)
    role, channel = find_role(guild, "High Roller"), find_channel(guild, "#slips")
    file = {"filename": "a.txt", "base64": "eA=="}
    declared = [option(n, name) for n, name in ((6, "u"), (7, "c"), (8, "r"), (11, "f"))]

    reader.read(declared, {"u": "dev.patel", "c": "slips", "r": "High Roller", "f": file})

    resolved = reader.resolved
    assert list(resolved["channels"]) == [channel.id]
    assert list(resolved["roles"]) == [role.id]
    [member] = resolved["members"].values()
    assert (member["nick"], "user" in member) == ("Dev (parlay king)", False)
    assert next(iter(resolved["attachments"].values()))["size"] == 1
