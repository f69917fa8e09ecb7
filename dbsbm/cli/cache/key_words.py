"""Keys as an operator writes them on the command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final
from uuid import UUID

from dbsbm.cache.keys import NAMESPACE, Key, Part, version_and_category
from dbsbm.cache.policy.overrides import category_named
from dbsbm.errors import UserError

PARTS_HELP: Final = (
    "the parts of its key; digits are a number, all else is text; say otherwise with text:42, "
    "bool:yes, none:, date:2026-11-22, time:2026-11-22T18:00:00Z, uuid:... or decimal:1.50"
)


def key_of_arguments(arguments: argparse.Namespace) -> Key:
    """Return the key that a command names by category and parts, or by `--wire`.

    Raises:
        UserError: It names none, or both; the text is a sentence.
    """
    if arguments.wire:
        if arguments.category:
            raise UserError("Name a key by its category and parts or by --wire, not by both.")
        return key_of_wire(arguments.wire)
    if not arguments.category or not arguments.part:
        raise UserError("Name a key by its category and parts, or by --wire KEY.")
    category = category_named(arguments.category)
    return Key.of(category, *map(parse_part, arguments.part))


def key_of_wire(wire: str) -> Key:
    """Return the key that the server has under a name.

    Raises:
        UserError: It is no key of a value of this release.
    """
    known = version_and_category(wire)
    if known is None or known[1] is None or not wire.startswith(NAMESPACE):
        raise UserError(
            f"{wire[:80]!r} is no key of a value; one looks like {NAMESPACE}game_data:nfl:#42."
        )
    return Key(known[1], wire)


def parse_part(text: str) -> Part:
    """Read a part of a key.

    Raises:
        UserError: It is not what it says it is.
    """
    kind, colon, rest = text.partition(":")
    if colon and kind in _KINDS:
        try:
            return _KINDS[kind](rest)
        except (ValueError, LookupError, InvalidOperation):
            raise UserError(f"{rest[:40]!r} is no {kind}; use text:{text[:40]} for text.") from None
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdecimal() and len(digits) < 40 else text


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.utcoffset() is None:
        raise ValueError("a time needs a zone")
    return time


def _none(text: str) -> None:
    if text:
        raise ValueError("nothing follows none:")


def _bool(text: str) -> bool:
    return {"yes": True, "true": True, "no": False, "false": False}[text.lower()]


_KINDS: Final[Mapping[str, Callable[[str], Part]]] = {
    "text": str,
    "bool": _bool,
    "none": _none,
    "date": date.fromisoformat,
    "time": _time,
    "uuid": UUID,
    "decimal": Decimal,
}
