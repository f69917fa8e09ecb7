"""Values to bytes and back, exactly, or not at all.

The first byte says how the rest is written. What cannot be read, for whatever reason, is a miss:
processes of two releases share one cache.

JSON has six types. Every other one is written as an object of one key that begins with `$`, such
as `{"$decimal": "1.50"}`. A dict that looks like that, or has keys that are no text, is itself
written as pairs: `{"$dict": [[key, value], ...]}`. Values without such a need are plain JSON, and
are read at the full speed of the standard library.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timezone
from decimal import Decimal
from enum import Enum
from typing import Any, Final, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from dbsbm.cache.categories import Codec
from dbsbm.cache.miss import MISS, Miss
from dbsbm.errors import DbsbmError

PLAIN: Final = b"\x01"
TAGGED: Final = b"\x02"
RAW: Final = b"\x03"

# All that a payload which we did not write can make the readers below raise.
_UNREADABLE: Final = (
    *(ValueError, TypeError, LookupError, ArithmeticError, AttributeError, OSError),
    RecursionError,
)

# A number of many digits is slow to read, and refused by Python beyond 4300: it goes as hex.
_LARGEST_PLAIN_INT: Final = 2**64

_PLAIN_TYPES: Final = frozenset({str, float, bool, type(None)})

_encoder = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))
_plain_decoder = json.JSONDecoder()

_TimeT = TypeVar("_TimeT", datetime, time)


class EncodeError(DbsbmError, TypeError):
    """A value cannot be cached, because it would not come back as it went in.

    Attributes:
        path: Where in the value, outermost first: `['legs', 0]`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.path: list[object] = []

    def __str__(self) -> str:
        return f"cannot cache {self.reason} at value{''.join(f'[{step!r}]' for step in self.path)}"


def encode(value: object, codec: Codec = "json") -> bytes:
    """Write a value.

    Args:
        value: For `json` any nesting of None, bool, int, float, str, bytes, Decimal, datetime,
            date, time, UUID, list, tuple, dict, set and frozenset; an enum member is written as
            its value. For `bytes`, bytes.
        codec: How the category writes its values.

    Raises:
        EncodeError: The value holds another type, also a subclass; it names the type and the path.
    """
    if codec == "bytes":
        if type(value) is not bytes:
            raise EncodeError(f"a {_name(value)} where bytes belong")
        return RAW + value
    packer = _Packer()
    try:
        packed = packer.pack(value)
        text = _encoder.encode(packed)
    except RecursionError:
        raise EncodeError("a value that contains itself or is nested too deeply") from None
    return (TAGGED if packer.tagged else PLAIN) + text.encode("utf-8", "surrogatepass")


def decode(data: bytes, codec: Codec = "json") -> Any | Miss:
    """Read a value back, MISS if the bytes are of another version, of another codec, or damaged."""
    header, body = data[:1], data[1:]
    if codec == "bytes":
        return body if header == RAW else MISS
    decoder = {PLAIN: _plain_decoder, TAGGED: _tagged_decoder}.get(header)
    if decoder is None:
        return MISS
    try:
        return decoder.decode(body.decode("utf-8", "surrogatepass"))
    except _UNREADABLE:
        return MISS


class _Packer:
    """Turns a value into what JSON can write, and remembers whether that took a tag."""

    def __init__(self) -> None:
        self.tagged = False

    def pack(self, value: Any) -> Any:
        kind = type(value)
        if kind in _PLAIN_TYPES:
            return value
        if kind is int:
            small = -_LARGEST_PLAIN_INT < value < _LARGEST_PLAIN_INT
            return value if small else self._tag("int", hex(value))
        if kind is dict:
            return self._pack_dict(value)
        if kind is list:
            return self._pack_items(value)
        return self._pack_rare(value, kind)

    def _pack_dict(self, value: dict[Any, Any]) -> dict[str, Any]:
        if any(type(key) is not str for key in value) or _looks_tagged(value):
            pairs = zip(self._pack_items(value), self._pack_values(value), strict=True)
            return self._tag("dict", [[key, item] for key, item in pairs])
        return dict(zip(value, self._pack_values(value), strict=True))

    def _pack_values(self, value: dict[Any, Any]) -> list[Any]:
        return self._pack_all(value.items())

    def _pack_items(self, items: Iterable[Any]) -> list[Any]:
        return self._pack_all(enumerate(items))

    def _pack_all(self, steps: Iterable[tuple[object, Any]]) -> list[Any]:
        packed = []
        for step, item in steps:
            try:
                packed.append(self.pack(item))
            except EncodeError as error:
                error.path.insert(0, step)
                raise
        return packed

    def _pack_rare(self, value: Any, kind: type) -> Any:
        if isinstance(value, Enum):
            return self.pack(value.value)
        if kind is tuple:
            return self._tag("tuple", self._pack_items(value))
        if kind in {set, frozenset}:
            # Sorted as text: the order of a set differs from process to process.
            return self._tag(kind.__name__, sorted(self._pack_items(value), key=_encoder.encode))
        writer = _WRITERS.get(kind)
        if writer is None:
            raise EncodeError(f"a {_name(value)}")
        return self._tag(kind.__name__.lower(), writer(value))

    def _tag(self, tag: str, content: Any) -> dict[str, Any]:
        self.tagged = True
        return {f"${tag}": content}


def _looks_tagged(value: dict[str, Any]) -> bool:
    return len(value) == 1 and next(iter(value)).startswith("$")


def _untag(value: dict[str, Any]) -> Any:
    """Read an object; those within it have been read already."""
    if not _looks_tagged(value):
        return value
    [(tag, content)] = value.items()
    return _READERS[tag](content)


def _write_time(value: datetime | time) -> Any:
    """Write the zone by its key, because an offset alone forgets the days it changes on."""
    zone = value.tzinfo
    if zone is None or _is_plain_offset(zone):
        return [value.isoformat(), None, 1] if value.fold else value.isoformat()
    if type(zone) is ZoneInfo and zone.key:
        return [value.replace(tzinfo=None).isoformat(), zone.key, value.fold]
    raise EncodeError(f"a {_name(value)} with the zone {zone!r}")


def _is_plain_offset(zone: object) -> bool:
    """Tell whether the zone's ISO text is all there is to it: a name of its own would be lost."""
    return type(zone) is timezone and repr(zone) == repr(timezone(zone.utcoffset(None)))


def _time_reader(kind: type[_TimeT]) -> Callable[[Any], _TimeT]:
    def read(content: Any) -> _TimeT:
        if isinstance(content, str):
            return kind.fromisoformat(content)
        text, zone, fold = content
        value = kind.fromisoformat(text).replace(fold=fold)
        return value if zone is None else value.replace(tzinfo=ZoneInfo(zone))

    return read


def _name(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")


_WRITERS: Final[dict[type, Callable[[Any], Any]]] = {
    Decimal: str,
    datetime: _write_time,
    date: date.isoformat,
    time: _write_time,
    UUID: str,
    bytes: lambda value: base64.b64encode(value).decode("ascii"),
}

_READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "$int": lambda text: int(text, 16),
    "$decimal": Decimal,
    "$datetime": _time_reader(datetime),
    "$date": date.fromisoformat,
    "$time": _time_reader(time),
    "$uuid": UUID,
    "$bytes": lambda text: base64.b64decode(text, validate=True),
    "$tuple": tuple,
    "$set": set,
    "$frozenset": frozenset,
    "$dict": dict,
}

_tagged_decoder = json.JSONDecoder(object_hook=_untag)
