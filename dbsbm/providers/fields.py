"""Reading JSON that nobody promised: every getter gives None instead of failing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias, TypeVar

JsonObject: TypeAlias = Mapping[str, Any]

T = TypeVar("T")

_HIGHEST_SCORE = 9_999
_LONGEST_TEXT = 100
_YEARS = range(1990, 2100)
LONGEST_ID = 60
LONGEST_ABBREVIATION = 8
LONGEST_DETAIL = 40
_LONGEST_RAW = 1_000
_EMPTY: JsonObject = {}


class Unreadable(Exception):
    """One item of a list lacks what a row needs."""


class Undecided(Exception):
    """One item of a list is not a row yet: a playoff game whose teams are still to be found."""


def mapping(value: object) -> JsonObject:
    """Return `value` when it is a JSON object, else an empty one."""
    return value if isinstance(value, Mapping) else _EMPTY


def items(value: object) -> Iterator[JsonObject]:
    """Yield the JSON objects of a list; anything else in it, or instead of it, yields nothing."""
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, Mapping))


def dig(value: object, *path: str) -> Any:
    """Return what lies at `path` below `value`, or None where the path ends early."""
    for name in path:
        value = mapping(value).get(name)
    return value


def text(value: object) -> str | None:
    """Return non-empty text in one line, at most 100 characters; numbers become text.

    Control characters and broken surrogates, which no database takes, are dropped.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    line = " ".join(str(value)[:_LONGEST_RAW].split())
    return "".join(c for c in line if c.isprintable())[:_LONGEST_TEXT].strip() or None


def word(value: object, longest: int) -> str | None:
    """Return text of at most `longest` characters; a longer one is no id and no abbreviation."""
    found = text(value)
    return found if found is not None and len(found) <= longest else None


def number(value: object) -> Decimal | None:
    """Return a finite number, from a JSON number or from text such as "+1.5"."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    try:
        parsed = Decimal(str(value).strip().replace("\N{MINUS SIGN}", "-"))
    except InvalidOperation:
        return None
    return parsed if parsed.is_finite() else None


def integer(value: object) -> int | None:
    """Return a whole number, from a JSON number or from text; None for anything else."""
    parsed = number(value)
    if parsed is None or abs(parsed) >= 10**15 or parsed != parsed.to_integral_value():
        return None
    return int(parsed)


def score(value: object) -> int | None:
    """Return a score: a whole number from 0 to 9,999."""
    parsed = integer(value)
    return parsed if parsed is not None and 0 <= parsed <= _HIGHEST_SCORE else None


def moment(value: object) -> datetime | None:
    """Return an aware UTC time of our days, from ISO 8601 with an offset or a Unix timestamp."""
    try:
        if isinstance(value, int) and not isinstance(value, bool):
            parsed = datetime.fromtimestamp(value, UTC)
        else:
            parsed = datetime.fromisoformat(value if isinstance(value, str) else "")
        moment = parsed.astimezone(UTC) if parsed.tzinfo else None
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment and moment.year in _YEARS else None


def need(value: T | None, what: str) -> T:
    """Return `value`.

    Raises:
        Unreadable: It is None.
    """
    if value is None:
        raise Unreadable(what)
    return value
