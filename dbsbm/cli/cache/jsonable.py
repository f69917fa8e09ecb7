"""A cached value as JSON has it."""

from __future__ import annotations

import dataclasses
import math
from base64 import b64encode
from collections.abc import Mapping
from datetime import date, time, timedelta
from enum import Enum
from typing import Any, Final

from dbsbm.cache.values.rows import Row

_PLAIN: Final = (str, int, float, bool, type(None))
_MOST_BITS: Final = 1024


def jsonable(value: Any) -> Any:
    """Return what a value is in JSON.

    Times are ISO 8601, spans are seconds, bytes are base64, an enum's member is its value. An
    instance of a dataclass or a row is an object (a row with a name twice, an array), a tuple or a
    set is an array. Text are a Decimal, a UUID, a number that JSON has no room for, and a key.
    """
    if isinstance(value, Enum):
        return jsonable(value.value)
    if isinstance(value, _PLAIN):
        return value if _has_room_for(value) else _spelled(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        return b64encode(value).decode()
    return _structure(value)


def _has_room_for(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, int) or value.bit_length() <= _MOST_BITS


def _spelled(number: Any) -> str:
    return hex(number) if isinstance(number, int) else str(number)


def _structure(value: Any) -> Any:
    if isinstance(value, Row) and len(value._mapping) == len(value):  # noqa: SLF001 - public
        return _object(value._mapping)  # noqa: SLF001 - as on SQLAlchemy's rows
    if dataclasses.is_dataclass(value):
        return _object({each.name: getattr(value, each.name) for each in dataclasses.fields(value)})
    if isinstance(value, Mapping):
        return _object(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [jsonable(item) for item in value]
    return str(value)


def _object(pairs: Mapping[Any, Any]) -> dict[str, Any]:
    return {_name(key): jsonable(item) for key, item in pairs.items()}


def _name(key: object) -> str:
    plain = jsonable(key)
    return plain if isinstance(plain, str) else str(plain)
