"""Values to bytes and back, exactly, or not at all.

The bytes are MessagePack; the types that it lacks are its extensions
(`dbsbm.cache.values.extensions`).
What is plain is written and read in one pass of compiled code: written by ormsgpack, which tells
exact types from look-alikes (a tuple from a list, an enum's member from its value) and asks about
all others; read by msgspec, which allocates nothing on the word of a damaged length.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any, Final

import msgspec
import ormsgpack

from dbsbm.cache.values.encode_errors import EncodeError, TooLarge
from dbsbm.cache.values.extensions import READERS, WRITERS, write_by_kind, write_pairs, write_text

__all__ = ["EncodeError", "TooLarge", "pack", "refuse_larger", "unpack"]

_EXACT_TYPES: Final = (
    ormsgpack.OPT_PASSTHROUGH_BIG_INT
    | ormsgpack.OPT_PASSTHROUGH_DATACLASS
    | ormsgpack.OPT_PASSTHROUGH_DATETIME
    | ormsgpack.OPT_PASSTHROUGH_ENUM
    | ormsgpack.OPT_PASSTHROUGH_SUBCLASS
    | ormsgpack.OPT_PASSTHROUGH_TUPLE
    | ormsgpack.OPT_PASSTHROUGH_UUID
)

_PLAIN_TYPES: Final = frozenset({bool, bytes, float, int, type(None)})

# Buffers are written as bytes without a question; what holds none of these marks holds no buffer.
_BYTES_8, _BYTES_16, _BYTES_32 = b"\xc4", b"\xc5", b"\xc6"
_BUFFERS: Final = frozenset({bytearray, memoryview})
_CONTAINERS: Final = frozenset({dict, list})

_TOO_DEEP: Final = "a value that contains itself or is nested too deeply"
_SIZED: Final = frozenset({str, bytes, list, tuple, dict, set, frozenset})
_FEW: Final = 8


def pack(value: object) -> bytes:
    """Write a value.

    Args:
        value: Any nesting of None, bool, int, float, str, bytes, Decimal, datetime, date, time,
            timedelta, UUID, list, tuple, dict, set, frozenset, rows of a query, and of the
            dataclasses and enums that are registered (`dbsbm.cache.values.cacheable`).

    Raises:
        EncodeError: It holds another type, also a subclass; the error names the type and the path.
    """
    writing = _Writing()
    try:
        return writing.pack(value)
    except (TypeError, RecursionError):
        writing.raise_foreign_error()
        return _pack_rare(value)


def unpack(packed: bytes | memoryview) -> Any:
    """Read a value back.

    Raises:
        Exception: The bytes are damaged or of another release; any error may tell so.
    """
    return _decoder.decode(packed)


def refuse_larger(value: Any, limit: int) -> None:
    """Refuse a value that is surely too large, without encoding it.

    Looks at the value, and at its parts where they are few: a character takes a byte at least, as
    does a part. Many parts are written as fast as they are looked at.

    Raises:
        TooLarge: It would take more bytes than the limit.
    """
    kind = type(value)
    size = len(value) if kind in _SIZED else 0
    if size <= _FEW and (kind is dict or kind is list):
        parts = value.values() if kind is dict else value
        size += sum(len(part) for part in parts if type(part) in _SIZED)
    if size > limit:
        raise TooLarge(size, limit)


class _Writing:
    """One value being written at full speed, which fails at what MessagePack has no room for."""

    __slots__ = ("_stopped_by",)

    def __init__(self) -> None:
        self._stopped_by: BaseException | None = None

    def pack(self, value: object) -> bytes:
        packed = ormsgpack.packb(value, default=self._extend, option=_EXACT_TYPES)
        may_hold = _BYTES_8 in packed or _BYTES_16 in packed or _BYTES_32 in packed
        if may_hold and _holds_buffer(value):
            raise TypeError("a buffer that would come back as bytes")
        return packed

    def _extend(self, value: object) -> ormsgpack.Ext | ormsgpack.Fragment:
        try:
            return WRITERS.get(type(value), write_by_kind)(value, self.pack)
        except BaseException as error:
            self._stopped_by = self._stopped_by or error
            raise

    def raise_foreign_error(self) -> None:
        """Raise what the packer made a TypeError of: a time limit, an interrupt, a bug."""
        if not isinstance(self._stopped_by, TypeError | RecursionError | None):
            raise self._stopped_by from None


def _holds_buffer(value: object) -> bool:
    """Tell whether a buffer stands where the packer met it without asking."""
    level = [value]
    while level:
        kinds = set(map(type, level))
        if kinds & _BUFFERS:
            return True
        level = _one_deeper(level) if kinds & _CONTAINERS else []
    return False


def _one_deeper(level: Iterable[Any]) -> list[Any]:
    lists = (item for item in level if type(item) is list)
    dicts = (item.values() for item in level if type(item) is dict)
    return list(chain(chain.from_iterable(lists), chain.from_iterable(dicts)))


def _pack_rare(value: object) -> bytes:
    """Write a value that the packer refused: step by step, to find a way or to say where."""
    try:
        return _pack_explicit(value)
    except EncodeError:
        raise
    except (TypeError, RecursionError):
        raise EncodeError(_TOO_DEEP) from None


def _pack_explicit(value: object) -> bytes:
    return ormsgpack.packb(_explicit(value))


def _explicit(value: Any) -> Any:
    """Return what the packer writes without a question."""
    kind = type(value)
    if kind in _PLAIN_TYPES and not (kind is int and value.bit_length() > 63):
        return value
    if kind is str:
        return value if _is_utf8(value) else write_text(value)
    if kind is list:
        return [_step(place, item) for place, item in enumerate(value)]
    if kind is dict:
        return _explicit_dict(value)
    return WRITERS.get(kind, write_by_kind)(value, _pack_explicit)


def _explicit_dict(value: dict[Any, Any]) -> Any:
    items = [(_step(place, key), _step(key, value[key])) for place, key in enumerate(value)]
    if all(type(key) is str for key, _ in items):
        return dict(items)
    return write_pairs(ormsgpack.packb([part for pair in items for part in pair]))


def _step(step: object, item: object) -> Any:
    try:
        return _explicit(item)
    except EncodeError as error:
        error.path.insert(0, step)
        raise


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _read_extension(code: int, data: memoryview) -> Any:
    return READERS[code](data, unpack)


_decoder: Final = msgspec.msgpack.Decoder(ext_hook=_read_extension)
