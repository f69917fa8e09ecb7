"""From what a member types to the data of an interaction, as Discord's own client builds it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any

from dbsbm.sandbox.discord.cdn import Upload
from dbsbm.sandbox.discord.command_forms import (
    ATTACHMENT,
    BOOLEAN,
    CHANNEL,
    CHAT_INPUT,
    INTEGER,
    MENTIONABLE,
    NUMBER,
    ROLE,
    STRING,
    SUBCOMMAND,
    SUBCOMMAND_GROUP,
    USER_OPTION,
)
from dbsbm.sandbox.discord.command_registry import may_use
from dbsbm.sandbox.discord.components import SELECTS, STRING_SELECT
from dbsbm.sandbox.discord.core import Core
from dbsbm.sandbox.discord.errors import Refusal
from dbsbm.sandbox.discord.jsonio import Json
from dbsbm.sandbox.discord.lookup import find_channel, find_member, find_role
from dbsbm.sandbox.discord.world import Channel, Guild, Member

_NUMBER_TYPES = {INTEGER: int, NUMBER: float}
_BOOLEANS = {"true": True, "false": False}


def find_command(
    core: Core, typed: str, guild: Guild, channel: Channel, member: Member
) -> tuple[Json, list[Json]]:
    """Find what a member typed after the slash.

    Args:
        core: The stand-in's state.
        typed: Command, group and subcommand, such as "bet place".
        guild: Where it was typed.
        channel: Where it was typed.
        member: Who typed it.

    Returns:
        The command, and the chain of subcommand options below it.

    Raises:
        Refusal: There is no such command, or the member may not use it.
    """
    name, *rest = typed.removeprefix("/").split() or [""]
    for command in core.commands.in_guild(guild.id):
        if command["name"] == name and command["type"] == CHAT_INPUT:
            if not may_use(command, guild, channel, member):
                raise Refusal("You do not have permission to use this command here.", 403)
            return command, list(_descend(command, rest, typed))
    raise Refusal(f"No command /{name} is registered.", 404)


def _descend(node: Json, rest: list[str], typed: str) -> Iterator[Json]:
    nested = [o for o in node.get("options", ()) if o["type"] in (SUBCOMMAND, SUBCOMMAND_GROUP)]
    if not nested:
        if rest:
            raise Refusal(f"There is no command /{typed}: {rest[0]!r} is not part of it.", 404)
        return
    wanted = rest[0] if rest else None
    found = next((option for option in nested if option["name"] == wanted), None)
    if found is None:
        names = ", ".join(option["name"] for option in nested)
        raise Refusal(f"/{typed} needs one of these next: {names}.", 404)
    yield found
    yield from _descend(found, rest[1:], typed)


class OptionReader:
    """Turns option values by name into an interaction's options, with all that they refer to.

    Args:
        core: The stand-in's state.
        guild: Where users, channels and roles are looked up.
        channel: Where the command is used; uploads are stored under it.
        member: Who fills the options in.
    """

    def __init__(self, core: Core, guild: Guild, channel: Channel, member: Member) -> None:
        self._core = core
        self._guild = guild
        self._channel = channel
        self._member = member
        self.resolved: Json = {}

    def read(self, declared: list[Json], given: Mapping[str, Any]) -> list[Json]:
        """Return the options of a command that is about to run.

        Raises:
            Refusal: An option is unknown, missing, or does not fit its declaration.
        """
        _refuse_unknown(declared, given)
        for option in declared:
            if option.get("required") and given.get(option["name"]) in (None, ""):
                raise Refusal(f"The option {option['name']!r} is required.")
        return [
            {"name": o["name"], "type": o["type"], "value": self._value(o, given[o["name"]])}
            for o in declared
            if given.get(o["name"]) not in (None, "")
        ]

    def read_focused(
        self, declared: list[Json], given: Mapping[str, Any], focused: str, partial: str
    ) -> list[Json]:
        """Return the options while a member still types in one of them.

        Raises:
            Refusal: An option is unknown, or the focused one does not autocomplete.
        """
        _refuse_unknown(declared, {**given, focused: partial})
        options: list[Json] = []
        for option in declared:
            name, kind = option["name"], option["type"]
            if name == focused:
                if not option.get("autocomplete"):
                    raise Refusal(f"The option {name!r} has no autocomplete.")
                options.append({"name": name, "type": kind, "value": partial, "focused": True})
            elif given.get(name) not in (None, ""):
                options.append({"name": name, "type": kind, "value": given[name]})
        return options

    def selected(self, component: Json, values: list[str]) -> list[str]:
        """Return the values of a select menu a member chose from.

        Raises:
            Refusal: A value is not on offer, or there are too few or too many.
        """
        least, most = component.get("min_values", 1), component.get("max_values", 1)
        if not least <= len(values) <= most:
            raise Refusal(f"Choose between {least} and {most} values.")
        if component["type"] == STRING_SELECT:
            offered = {option["value"] for option in component["options"]}
            if not set(values) <= offered:
                raise Refusal("That value is not on offer in this menu.")
            return values
        # Entity selects 5 to 8 are user, role, mentionable and channel: see components.SELECTS.
        kinds = {5: USER_OPTION, 6: ROLE, 7: MENTIONABLE, 8: CHANNEL}
        return [str(self._entity(kinds[component["type"]], value)) for value in values]

    def _value(self, option: Json, value: object) -> object:
        kind = option["type"]
        if option.get("choices"):
            return _chosen(option, value)
        if kind == STRING:
            return _text(option, str(value))
        if kind in _NUMBER_TYPES:
            return _number(option, value)
        if kind == BOOLEAN:
            return _boolean(option, value)
        if kind == ATTACHMENT:
            return self._attachment(option, value)
        return self._entity(kind, str(value))

    def _entity(self, kind: int, name: str) -> str:
        if kind == CHANNEL:
            channel = find_channel(self._guild, name)
            held = str(self._guild.permissions(self._member, channel))
            self._resolve("channels", channel.id, {**channel.payload(), "permissions": held})
            return channel.id
        if kind == ROLE:
            return self._role(name)
        try:
            return self._user(name)
        except Refusal:
            if kind != MENTIONABLE:
                raise
            return self._role(name)

    def _role(self, name: str) -> str:
        role = find_role(self._guild, name)
        self._resolve("roles", role.id, role.payload())
        return role.id

    def _user(self, name: str) -> str:
        member = find_member(self._guild, name.removeprefix("@"))
        payload = member.payload(self._guild.permissions(member, self._channel))
        self._resolve("users", member.id, payload.pop("user"))
        self._resolve("members", member.id, payload)
        return member.id

    def _attachment(self, option: Json, value: object) -> str:
        try:
            filename, encoded = value["filename"], value["base64"]  # type: ignore[index]  # checked
            data = base64.b64decode(encoded, validate=True)
        except (TypeError, KeyError, binascii.Error):
            raise Refusal(f"{option['name']!r} takes a file: filename and base64.") from None
        stored = self._core.files.put(self._channel.id, Upload(0, str(filename), data))
        self._resolve("attachments", stored.id, stored.payload(self._core.base_url))
        return stored.id

    def _resolve(self, kind: str, entity_id: str, payload: Json) -> None:
        self.resolved.setdefault(kind, {})[entity_id] = payload


def is_select(component: Json) -> bool:
    """Say whether a component is any kind of select menu."""
    return component["type"] in SELECTS


def _refuse_unknown(declared: list[Json], given: Mapping[str, Any]) -> None:
    names = [option["name"] for option in declared]
    for name in given:
        if name not in names:
            known = ", ".join(names) or "none"
            raise Refusal(f"There is no option {name!r}; this command has: {known}.")


def _chosen(option: Json, value: object) -> object:
    for offered in option["choices"]:
        if str(value) in (str(offered["value"]), offered["name"]):
            return offered["value"]
    names = ", ".join(offered["name"] for offered in option["choices"])
    raise Refusal(f"{option['name']!r} is one of: {names}.")


def _text(option: Json, value: str) -> str:
    least, most = option.get("min_length", 0), option.get("max_length", 6_000)
    if not least <= len(value) <= most:
        raise Refusal(f"{option['name']!r} takes {least} to {most} characters.")
    return value


def _number(option: Json, value: object) -> float | int:
    kind = option["type"]
    try:
        number: float | int = _NUMBER_TYPES[kind](str(value).strip())
    except ValueError:
        what = "a whole number" if kind == INTEGER else "a number"
        raise Refusal(f"{option['name']!r} takes {what}.") from None
    # Discord's client holds numbers to what a double can say exactly, which NaN is not.
    least, most = option.get("min_value", -(2**53)), option.get("max_value", 2**53)
    if not least <= number <= most:
        raise Refusal(f"{option['name']!r} takes {least} to {most}.")
    return number


def _boolean(option: Json, value: object) -> bool:
    found = _BOOLEANS.get(str(value).lower())
    if found is None:
        raise Refusal(f"{option['name']!r} is true or false.")
    return found
