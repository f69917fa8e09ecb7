from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import OrderedDict, namedtuple
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbsbm.cache.codec import PLAIN, RAW, TAGGED, EncodeError, decode, encode
from dbsbm.cache.miss import MISS
from dbsbm.errors import DbsbmError
from tests.unit.cache.values import shape, values


@given(values)
def test_a_value_comes_back_exactly_as_it_went_in(value: Any) -> None:
    assert shape(decode(encode(value))) == shape(value)


@given(st.binary())
def test_bytes_come_back_from_the_codec_of_bytes(value: bytes) -> None:
    assert decode(encode(value, "bytes"), "bytes") == value


@pytest.mark.parametrize(
    "value",
    [
        {"$decimal": "1.5"},
        {"$dict": [["a", 1]]},
        {"$": None},
        {"$decimal": "1.5", "other": 1},
        {"$tuple": {"$set": [{"$bytes": b"x"}]}},
        {1: "int", "1": "text", None: "none", (1, "a"): "tuple"},
        {True: 1, 2: {3: 4}},
        {frozenset({1, 2}): {b"\x00": {UUID(int=7)}}},
        datetime(2026, 10, 25, 1, 30, fold=1, tzinfo=ZoneInfo("Europe/London")),
        datetime.fromisoformat("2026-10-25T01:30").replace(fold=1),
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=-3, microseconds=1))),
        time(1, 2, 3, 4, tzinfo=ZoneInfo("Asia/Tokyo"), fold=1),
        [Decimal("-0"), Decimal("1E+30"), Decimal("sNaN123"), Decimal("-Infinity"), -0.0],
        "\ud83d\ude00",
        2**64,
        [-(10**5000)],
        [],
        {},
        (),
        None,
    ],
)
def test_what_easily_changes_on_the_way_does_not(value: Any) -> None:
    assert shape(decode(encode(value))) == shape(value)


class Colour(Enum):
    RED = Decimal("0.5")


class Level(IntEnum):
    HIGH = 3


class Word(StrEnum):
    YES = "yes"


def test_an_enum_comes_back_as_its_value() -> None:
    value = [Colour.RED, Level.HIGH, Word.YES, {Word.YES: Level.HIGH}]
    assert shape(decode(encode(value))) == shape([Decimal("0.5"), 3, "yes", {"yes": 3}])


def test_plain_data_is_plain_json() -> None:
    assert (
        encode({"a": [1, 2.5, None, True, "ü"]}) == PLAIN + '{"a":[1,2.5,null,true,"ü"]}'.encode()
    )


def test_what_json_lacks_is_tagged_readably() -> None:
    assert encode({"odds": Decimal("1.910")}) == TAGGED + b'{"odds":{"$decimal":"1.910"}}'


Pair = namedtuple("Pair", "a b")


class Dull(str):
    __slots__ = ()


class OwnZone(tzinfo):
    def utcoffset(self, when: datetime | None) -> timedelta:
        return timedelta(hours=1)

    def dst(self, when: datetime | None) -> None:
        return None

    def tzname(self, when: datetime | None) -> str:
        return "ours"


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (object(), "cannot cache a object at value"),
        ({"legs": [1, {"odds": object()}]}, "a object at value['legs'][1]['odds']"),
        ([(1, {2: {object()}})], "a object at value[0][1][2][0]"),
        ({object(): 1}, "a object at value[0]"),
        (OrderedDict(a=1), "a collections.OrderedDict at value"),
        (Pair(1, 2), "Pair at value"),
        (["x", Dull("y")], "Dull at value[1]"),
        (1j, "a complex at value"),
        (bytearray(b"x"), "a bytearray at value"),
        (timedelta(1), "a datetime.timedelta at value"),
        ({"at": datetime(2026, 1, 1, tzinfo=OwnZone())}, "datetime.datetime with the zone"),
        (datetime(2026, 1, 1, tzinfo=timezone(timedelta(0), "Zulu")), "with the zone"),
    ],
)
def test_what_would_change_is_refused_by_type_and_path(value: Any, sentence: str) -> None:
    with pytest.raises(EncodeError) as refused:
        encode(value)
    assert sentence in str(refused.value)
    assert isinstance(refused.value, DbsbmError)


def test_a_value_that_contains_itself_is_refused() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(EncodeError, match="contains itself"):
        encode(value)


@pytest.mark.parametrize("value", ["text", bytearray(b"x"), None])
def test_only_bytes_go_where_bytes_belong(value: Any) -> None:
    with pytest.raises(EncodeError, match="where bytes belong"):
        encode(value, "bytes")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00{}",
        b"\x04{}",
        b"{}",
        b'"text"',
        RAW + b"{}",
        PLAIN,
        PLAIN + b"{",
        PLAIN + b"\xff",
        PLAIN + b"[" * 100_000,
        PLAIN + b"9" * 5000,
        TAGGED + b'{"$unknown":1}',
        TAGGED + b'{"$decimal":"abc"}',
        TAGGED + b'{"$decimal":[1,2]}',
        TAGGED + b'{"$uuid":5}',
        TAGGED + b'{"$bytes":"%"}',
        TAGGED + b'{"$set":[[]]}',
        TAGGED + b'{"$dict":[[1]]}',
        TAGGED + b'{"$datetime":["2026-01-01","Nowhere/Nothing",0]}',
        TAGGED + b'{"$datetime":["2026-01-01","../../etc/passwd",0]}',
        TAGGED + b'{"$datetime":["2026-01-01","Europe",0]}',
        TAGGED + b'{"$datetime":[]}',
        TAGGED + b'{"$time":"25:00"}',
        TAGGED + b'{"$int":null}',
    ],
)
def test_what_cannot_be_read_is_a_miss(data: bytes) -> None:
    assert decode(data) is MISS


@pytest.mark.parametrize("data", [b"", b"\x00", PLAIN + b"{}", TAGGED + b"{}", b"\x89PNG"])
def test_what_is_not_bytes_of_this_version_is_a_miss(data: bytes) -> None:
    assert decode(data, "bytes") is MISS


@given(st.sampled_from([PLAIN, TAGGED, RAW, b""]), st.binary())
def test_random_bytes_never_raise(header: bytes, body: bytes) -> None:
    decode(header + body)
    decode(header + body, "bytes")


TAGS = (
    *("int", "decimal", "datetime", "date", "time", "uuid", "bytes"),
    *("tuple", "set", "frozenset", "dict", "what"),
)
junk = st.recursive(
    st.none() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(TAGS).map("${}".format), inner, max_size=1)
    ),
)


@given(junk)
def test_tags_around_nonsense_never_raise(value: Any) -> None:
    decode(TAGGED + json.dumps(value).encode())


@given(values, st.data())
def test_a_damaged_value_never_raises(value: Any, data: st.DataObject) -> None:
    encoded = bytearray(encode(value))
    place = data.draw(st.integers(0, len(encoded) - 1))
    encoded[place] ^= 1 << data.draw(st.integers(0, 7))
    decode(bytes(encoded))
    decode(bytes(encoded[:place]))


PRINT_SAMPLE = """
from dbsbm.cache.codec import encode
words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta"]
pairs = frozenset((word, len(word)) for word in words)
print(encode({"s": set(words), "f": pairs, "d": dict.fromkeys(words)}).hex())
"""


def test_processes_with_different_hashes_write_the_same_bytes() -> None:
    seen = {
        subprocess.run(
            [sys.executable, "-c", PRINT_SAMPLE],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    [sample] = seen
    decoded: Any = decode(bytes.fromhex(sample.strip()))
    words = {"alpha", "beta", "gamma", "delta", "epsilon", "zeta"}
    assert decoded["s"] == words


def test_a_time_in_utc_stays_in_the_one_utc() -> None:
    decoded: Any = decode(encode(datetime(2026, 1, 1, tzinfo=UTC)))
    assert decoded.tzinfo is UTC
