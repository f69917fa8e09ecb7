"""Application commands: what Discord accepts when a bot registers them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbsbm.sandbox.discord.errors import FormErrors, Path
from dbsbm.sandbox.discord.forms import (
    Check,
    anything,
    boolean,
    choice,
    integer,
    items,
    number,
    record,
    text,
)
from dbsbm.sandbox.discord.jsonio import Json

CHAT_INPUT, USER, MESSAGE = 1, 2, 3
SUBCOMMAND, SUBCOMMAND_GROUP = 1, 2
STRING, INTEGER, BOOLEAN, USER_OPTION, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(3, 12)
MAX_COMMANDS = {CHAT_INPUT: 100, USER: 5, MESSAGE: 5}
MAX_TOTAL = 4_000

# Discord's own pattern, with \w for letters, digits and the underscore of any script, and the
# two scripts whose vowel signs are not letters.
_NAME = re.compile(r"[-_'\w\u0900-\u097f\u0e00-\u0e7f]{1,32}")
_CHOICE_VALUES: dict[int, Check] = {STRING: text(100), INTEGER: number, NUMBER: number}


def _name(value: object, path: Path, errors: FormErrors) -> None:
    text(32, 1, _NAME)(value, path, errors)
    if isinstance(value, str) and value != value.lower():
        message = "String value did not match validation regex."
        errors.add(path, "STRING_TYPE_REGEX", message)


def _option(value: object, path: Path, errors: FormErrors) -> None:
    kind = value.get("type") if isinstance(value, dict) else None
    fields: dict[str, Check] = {
        "type": choice(*range(1, 12)),
        "name": _name,
        "description": text(100, 1),
        "required": boolean,
        "autocomplete": boolean,
        "channel_types": items(integer(0, 20), 20),
        "min_value": number,
        "max_value": number,
        "min_length": integer(0, 6_000),
        "max_length": integer(1, 6_000),
    }
    if kind in (SUBCOMMAND, SUBCOMMAND_GROUP):
        fields["options"] = _options
    if kind in _CHOICE_VALUES:
        fields["choices"] = items(_choice_of(_CHOICE_VALUES[kind]), 25)
    record(fields, required=("type", "name", "description"))(value, path, errors)
    if isinstance(value, dict) and value.get("autocomplete") and value.get("choices"):
        message = "Autocomplete options can't have choices"
        errors.add(path, "APPLICATION_COMMAND_OPTIONS_CHOICES_AUTOCOMPLETE", message)


def _choice_of(value: Check) -> Check:
    return record({"name": text(100, 1), "value": value}, required=("name", "value"))


def _options(value: object, path: Path, errors: FormErrors) -> None:
    items(_option, 25)(value, path, errors)
    options = [o for o in value if isinstance(o, dict)] if isinstance(value, list) else []
    names = [o.get("name") for o in options]
    if len(set(map(str, names))) < len(names):
        message = "Option names must be unique"
        errors.add(path, "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", message)
    optional_seen = False
    for index, option in enumerate(options):
        if option.get("required") and optional_seen:
            message = "Required options must be placed before non-required options"
            errors.add((*path, str(index)), "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", message)
        optional_seen = optional_seen or not option.get("required")
    if len({o.get("type") in (SUBCOMMAND, SUBCOMMAND_GROUP) for o in options}) > 1:
        message = "Sub-command and sub-command group option types are mutually exclusive"
        errors.add(path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", message)


_SHARED: dict[str, Check] = {
    "type": choice(CHAT_INPUT, USER, MESSAGE),
    "nsfw": boolean,
    "dm_permission": boolean,
    "default_member_permissions": anything,
    "contexts": items(integer(0, 2), 3),
    "integration_types": items(integer(0, 1), 2),
}
_CHAT_INPUT = record(
    {**_SHARED, "name": _name, "description": text(100, 1), "options": _options},
    required=("name", "description"),
)
_MENU = record({**_SHARED, "name": text(32, 1)}, required=("name",))


def check_command(value: object, path: Path, errors: FormErrors) -> None:
    """Note what is wrong with one command."""
    kind = value.get("type", CHAT_INPUT) if isinstance(value, dict) else CHAT_INPUT
    (_CHAT_INPUT if kind == CHAT_INPUT else _MENU)(value, path, errors)
    if isinstance(value, dict) and total_characters(value) > MAX_TOTAL:
        message = f"Command exceeds maximum size ({MAX_TOTAL})"
        errors.add(path, "APPLICATION_COMMAND_TOO_LARGE", message)


def check_commands(value: list[Json], errors: FormErrors) -> None:
    """Note what is wrong with a whole set of commands that replaces another."""
    seen: set[tuple[int, str]] = set()
    for index, command in enumerate(value):
        check_command(command, (str(index),), errors)
        key = (command.get("type", CHAT_INPUT), str(command.get("name")))
        if key in seen:
            message = "Application command names must be unique"
            errors.add((str(index),), "APPLICATION_COMMANDS_DUPLICATE_NAME", message)
        seen.add(key)


def total_characters(command: Json) -> int:
    """Count the characters of names, descriptions and string values, all levels together."""
    return sum(len(part) for part in _texts(command) if isinstance(part, str))


def _texts(node: Json) -> Iterator[object]:
    yield from (node.get("name"), node.get("description"), node.get("value"))
    for key in ("options", "choices"):
        children = node.get(key)
        for child in children if isinstance(children, list) else ():
            if isinstance(child, dict):
                yield from _texts(child)
