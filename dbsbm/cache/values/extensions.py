"""The types that MessagePack lacks: how each is written as an extension, and read.

The number of a type is on the wire: it never changes, and one that is given up is never used again.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from ormsgpack import Ext, Fragment

from dbsbm.cache.values.cacheable import Cacheable, key_of, member_of, named, registered
from dbsbm.cache.values.encode_errors import EncodeError, type_name
from dbsbm.cache.values.rows import is_row_type, make_row

Pack = Callable[[Any], bytes]
Unpack = Callable[[memoryview], Any]

INT: Final = 1
TEXT: Final = 2
DECIMAL: Final = 3
DATETIME: Final = 4
ZONED_DATETIME: Final = 5
DATE: Final = 6
TIME: Final = 7
ZONED_TIME: Final = 8
TIMEDELTA: Final = 9
UUID_: Final = 10
TUPLE: Final = 11
SET: Final = 12
FROZENSET: Final = 13
DICT: Final = 14
ENUM: Final = 15
RECORD: Final = 16
ROW: Final = 17
AMBIGUOUS_ROW: Final = 18

_CLASS: Final = ""
"""The key that a record's class stands under; no field can have this name."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# MessagePack's own timestamp: extension -1, 12 bytes, nanoseconds and seconds. It is read in C.
_TIMESTAMP: Final = struct.Struct(">3sIq")
_TIMESTAMP_HEAD: Final = b"\xc7\x0c\xff"
_TIMEDELTA: Final = struct.Struct(">iii")


def write_text(value: str) -> Ext:
    """Write a text with lone surrogates, which no UTF-8 has room for."""
    return Ext(TEXT, value.encode("utf-8", "surrogatepass"))


def write_pairs(packed: bytes) -> Ext:
    """Wrap the keys and values, one after the other, of a dict whose keys are not all text."""
    return Ext(DICT, packed)


def write_by_kind(value: Any, pack: Pack) -> Ext:
    """Write a value whose type is not in the table: registered, a row, or refused.

    Raises:
        EncodeError: There is no way to write it exactly.
    """
    kind: type = type(value)
    entry = registered(kind)
    if isinstance(value, Enum):
        return Ext(ENUM, pack([_wire_name(value), key_of(value)]))
    if entry is not None:
        return Ext(RECORD, pack({_CLASS: entry.name, **_fields(value, entry)}))
    if is_row_type(kind):
        return _write_row(value, pack)
    advice = "mark its class with @cacheable" if hasattr(kind, "__dataclass_fields__") else ""
    raise EncodeError(f"a {type_name(value)}", advice)


def _fields(value: Any, entry: Cacheable) -> dict[str, Any]:
    try:
        return {name: getattr(value, name) for name in entry.fields}
    except AttributeError as error:
        raise EncodeError(f"a {type_name(value)} without its {error.name!r}") from None


def _wire_name(member: Enum) -> str:
    entry = registered(type(member))
    if entry is None:
        raise EncodeError(f"a {type_name(member)}", "mark its class with @cacheable")
    return entry.name


def _write_row(row: Any, pack: Pack) -> Ext:
    # A column's name may be a kind of text of its own.
    fields = [str(name) for name in row._fields]
    if len(fields) != len(row):
        raise EncodeError(f"a {type_name(row)} with columns that have no name")
    by_name = dict(zip(fields, row, strict=True))
    if len(by_name) == len(fields):
        return Ext(ROW, pack(by_name))
    return Ext(AMBIGUOUS_ROW, pack([fields, list(row)]))


def _write_datetime(value: datetime, _: Pack) -> Ext | Fragment:
    if value.tzinfo is UTC and not value.fold:
        since = value - _EPOCH
        seconds = since.days * 86_400 + since.seconds
        return Fragment(_TIMESTAMP.pack(_TIMESTAMP_HEAD, since.microseconds * 1000, seconds))
    return _write_time(value, DATETIME, ZONED_DATETIME)


def _write_time(value: datetime | time, plain: int, zoned: int) -> Ext:
    """Write the zone by its key, because an offset alone forgets the days it changes on."""
    zone = value.tzinfo
    if zone is None or _is_plain_offset(zone):
        text = value.isoformat()
        return Ext(zoned, f"1 {text} ".encode()) if value.fold else Ext(plain, text.encode())
    if type(zone) is ZoneInfo and zone.key:
        text = value.replace(tzinfo=None).isoformat()
        return Ext(zoned, f"{value.fold} {text} {zone.key}".encode())
    raise EncodeError(f"a {type_name(value)} with the zone {zone!r}", "use timezone.utc")


def _is_plain_offset(zone: object) -> bool:
    """Tell whether the zone's ISO text is all there is to it: a name of its own would be lost."""
    return type(zone) is timezone and repr(zone) == repr(timezone(zone.utcoffset(None)))


def _write_set(code: int) -> Callable[[Any, Pack], Ext]:
    # Sorted by its bytes: the order of a set differs from process to process.
    return lambda value, pack: Ext(code, pack(sorted(value, key=pack)))


WRITERS: Final[Mapping[type, Callable[[Any, Pack], Ext | Fragment]]] = {
    int: lambda value, _: Ext(INT, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True)),
    Decimal: lambda value, _: Ext(DECIMAL, str(value).encode()),
    datetime: _write_datetime,
    date: lambda value, _: Ext(DATE, value.isoformat().encode()),
    time: lambda value, _: _write_time(value, TIME, ZONED_TIME),
    timedelta: lambda value, _: Ext(
        TIMEDELTA, _TIMEDELTA.pack(value.days, value.seconds, value.microseconds)
    ),
    UUID: lambda value, _: Ext(UUID_, value.bytes),
    tuple: lambda value, pack: Ext(TUPLE, pack(list(value))),
    set: _write_set(SET),
    frozenset: _write_set(FROZENSET),
}
"""What writes values of a type, given what writes the values they contain."""


def _ascii(data: memoryview) -> str:
    return str(data, "ascii")


def _read_zoned(kind: Any) -> Callable[[memoryview, Unpack], Any]:
    def read_zoned(data: memoryview, _: Unpack) -> Any:
        fold, text, zone = str(data, "utf-8").split(" ", 2)
        value = kind.fromisoformat(text).replace(fold=int(fold))
        return value.replace(tzinfo=ZoneInfo(zone)) if zone else value

    return read_zoned


def _read_items(data: memoryview, unpack: Unpack) -> list[Any]:
    items = unpack(data)
    if type(items) is not list:
        raise TypeError("no list of items")
    return items


def _read_pairs(data: memoryview, unpack: Unpack) -> dict[Any, Any]:
    items = iter(_read_items(data, unpack))
    return dict(zip(items, items, strict=True))


def _read_enum(data: memoryview, unpack: Unpack) -> Enum:
    name, key = unpack(data)
    return member_of(named(name).kind, key)


def _read_record(data: memoryview, unpack: Unpack) -> Any:
    fields = unpack(data)
    return named(fields.pop(_CLASS)).kind(**fields)


def _read_row(data: memoryview, unpack: Unpack) -> Any:
    by_name = unpack(data)
    return make_row(tuple(by_name), by_name.values())


def _read_ambiguous_row(data: memoryview, unpack: Unpack) -> Any:
    fields, values = unpack(data)
    return make_row(tuple(fields), values)


READERS: Final[Mapping[int, Callable[[memoryview, Unpack], Any]]] = {
    INT: lambda data, _: int.from_bytes(data, "big", signed=True),
    TEXT: lambda data, _: str(data, "utf-8", "surrogatepass"),
    DECIMAL: lambda data, _: Decimal(_ascii(data)),
    DATETIME: lambda data, _: datetime.fromisoformat(_ascii(data)),
    ZONED_DATETIME: _read_zoned(datetime),
    DATE: lambda data, _: date.fromisoformat(_ascii(data)),
    TIME: lambda data, _: time.fromisoformat(_ascii(data)),
    ZONED_TIME: _read_zoned(time),
    TIMEDELTA: lambda data, _: timedelta(*_TIMEDELTA.unpack(data)),
    UUID_: lambda data, _: UUID(bytes=bytes(data)),
    TUPLE: lambda data, unpack: tuple(_read_items(data, unpack)),
    SET: lambda data, unpack: set(_read_items(data, unpack)),
    FROZENSET: lambda data, unpack: frozenset(_read_items(data, unpack)),
    DICT: _read_pairs,
    ENUM: _read_enum,
    RECORD: _read_record,
    ROW: _read_row,
    AMBIGUOUS_ROW: _read_ambiguous_row,
}
"""What reads each extension, given what reads what it contains; damage raises any error."""
