"""Bytes that nobody signed: whatever they are, opening them is a value or None."""

from __future__ import annotations

import sys
import threading
from typing import Any

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from dbsbm.cache.categories import Category
from dbsbm.cache.values import extensions
from dbsbm.cache.values.serializer import BYTES, COMPRESSED, PICKLE, TYPED, Serializer
from tests.unit.cache.peak import at_most
from tests.unit.cache.values import values

WIRE = "dbsbm:v2:game_data:nfl:#42"
PLAIN = Serializer()
HEAD = PLAIN.seal(WIRE, None, Category.GAME_DATA.policy, lifetime_ms=1, expires_at_ms=1)[:-1]


def stored(payload: bytes, form: int = TYPED) -> bytes:
    return HEAD[:25] + bytes([form]) + HEAD[26:] + payload


def extension(code: int, data: bytes) -> bytes:
    return b"\xc9" + len(data).to_bytes(4, "big") + bytes([code]) + data


def nested_extensions(code: int, inside: bytes, depth: int) -> bytes:
    payload = b"\xc0"
    for _ in range(depth):
        payload = extension(code, inside + payload)
    return payload


UNREADABLE = {
    "nothing": b"",
    "something left over": b"\x01\x02",
    "a type that MessagePack has not": b"\xc1",
    "text that is none": b"\xa1\xff",
    "a map with a key that is a map": b"\x81\x80\x01",
    "an extension of the future": extension(99, b""),
    "an extension that was never one": extension(0, b""),
    "no number": extension(extensions.DECIMAL, b"abc"),
    "no identifier": extension(extensions.UUID_, b"short"),
    "no duration": extension(extensions.TIMEDELTA, b"short"),
    "no date": extension(extensions.DATE, b"2026-13-01"),
    "no time": extension(extensions.TIME, b"25:00"),
    "a zone that is nowhere": extension(extensions.ZONED_DATETIME, b"0 2026-01-01 Nowhere/No"),
    "a zone that is a file": extension(extensions.ZONED_TIME, b"0 01:00 ../../etc/passwd"),
    "a zone that is a folder": extension(extensions.ZONED_TIME, b"0 01:00 Europe"),
    "a tuple that is a text": extension(extensions.TUPLE, b"\xa1a"),
    "a set of lists": extension(extensions.SET, b"\x91\x90"),
    "a key without a value": extension(extensions.DICT, b"\x91\x01"),
    "a member of no class": extension(extensions.ENUM, b"\x92\xa1x\xa1y"),
    "a record of no class": extension(extensions.RECORD, b"\x81\xa0\xa1x"),
    "a record without a class": extension(extensions.RECORD, b"\x80"),
    "a row with too few names": extension(extensions.AMBIGUOUS_ROW, b"\x92\x90\x91\x01"),
    "a row whose names are numbers": extension(extensions.ROW, b"\x81\x01\x01"),
    "a timestamp out of time": b"\xc7\x0c\xff" + b"\xff" * 12,
}

BOMBS = {
    "a list of four billion": b"\xdd\xff\xff\xff\xff",
    "a map of four billion": b"\xdf\xff\xff\xff\xff",
    "a text of four gigabytes": b"\xdb\xff\xff\xff\xff",
    "bytes of four gigabytes": b"\xc6\xff\xff\xff\xff",
    "an extension of four gigabytes": b"\xc9\xff\xff\xff\xff\x01",
    "lists in lists": b"\x91" * 1_000_000,
    "long lists in long lists": b"\xdc\xff\xff" * 100_000,
    "maps in maps": b"\x81\xa1a" * 1_000_000,
    "tuples in tuples": nested_extensions(extensions.TUPLE, b"\x91", 2000),
    "dicts of pairs in dicts of pairs": nested_extensions(extensions.DICT, b"\x92\x01", 2000),
    "rows in rows": nested_extensions(extensions.ROW, b"\x81\xa1a", 2000),
}


@pytest.mark.parametrize("payload", UNREADABLE.values(), ids=UNREADABLE)
def test_what_no_release_wrote_is_not_read(payload: bytes) -> None:
    assert PLAIN.open(WIRE, stored(payload)) is None


@pytest.mark.parametrize("payload", BOMBS.values(), ids=BOMBS)
def test_a_bomb_costs_little_memory(payload: bytes) -> None:
    bomb = stored(payload)
    with at_most(24 * 2**20):
        assert PLAIN.open(WIRE, bomb) is None


@pytest.mark.parametrize("payload", BOMBS.values(), ids=BOMBS)
def test_a_bomb_does_not_crash_a_thread_of_a_small_stack(payload: bytes) -> None:
    found: list[Any] = []
    before = threading.stack_size(1024 * 1024)
    thread = threading.Thread(target=lambda: found.append(PLAIN.open(WIRE, stored(payload))))
    thread.start()
    thread.join()
    threading.stack_size(before)
    assert found == [None]


def test_the_deepest_value_that_is_written_is_read_again_or_missed() -> None:
    value: Any = 1
    for _ in range(200):
        value = [value]
    opened = PLAIN.open(
        WIRE, PLAIN.seal(WIRE, value, Category.GAME_DATA.policy, lifetime_ms=1, expires_at_ms=1)
    )
    assert opened is not None
    assert opened.value == value
    assert sys.getrecursionlimit() > 400


@pytest.mark.parametrize("size", [9 * 2**20, 2**30])
def test_a_decompression_bomb_is_not_unpacked(size: int) -> None:
    blast = zstd.ZstdCompressor()
    bomb = b"".join(blast.compress(bytes(2**20)) for _ in range(size // 2**20)) + blast.flush()
    with at_most(24 * 2**20):
        assert PLAIN.open(WIRE, stored(bomb, TYPED | COMPRESSED)) is None
        assert PLAIN.open(WIRE, stored(bomb, BYTES | COMPRESSED)) is None


def test_a_frame_that_wants_a_large_window_is_not_unpacked() -> None:
    options = {
        zstd.CompressionParameter.window_log: 27,
        zstd.CompressionParameter.compression_level: 1,
    }
    writer = zstd.ZstdCompressor(options=options)
    frame = writer.compress(b"\xc0") + writer.flush()
    assert zstd.decompress(frame) == b"\xc0"
    assert PLAIN.open(WIRE, stored(frame, TYPED | COMPRESSED)) is None


@pytest.mark.parametrize("form", [0, PICKLE, 4, 0x20 | TYPED, COMPRESSED, 0xFF])
def test_a_form_of_another_release_is_not_read(form: int) -> None:
    assert PLAIN.open(WIRE, stored(b"\xc0", form)) is None


@given(st.binary(max_size=200))
def test_random_bytes_never_raise(data: bytes) -> None:
    PLAIN.open(WIRE, data)
    PLAIN.open(WIRE, HEAD + data)


junk = st.recursive(
    st.binary(max_size=12),
    lambda inner: st.builds(
        extension, st.integers(0, 20), st.lists(inner, max_size=3).map(b"".join)
    ),
)


@given(junk)
def test_extensions_around_nonsense_never_raise(payload: bytes) -> None:
    PLAIN.open(WIRE, stored(payload))


@given(values, st.data())
def test_a_damaged_value_never_raises(value: Any, data: st.DataObject) -> None:
    whole = PLAIN.seal(WIRE, value, Category.GAME_DATA.policy, lifetime_ms=1, expires_at_ms=1)
    damaged = bytearray(whole)
    place = data.draw(st.integers(0, len(whole) - 1))
    damaged[place] ^= 1 << data.draw(st.integers(0, 7))
    PLAIN.open(WIRE, bytes(damaged))
    PLAIN.open(WIRE, whole[:place])
