from __future__ import annotations

import os
import subprocess
import sys
from array import array
from collections import OrderedDict, namedtuple
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given

from dbsbm.cache.values import extensions
from dbsbm.cache.values.codec import EncodeError, TooLarge, pack, refuse_larger, unpack
from dbsbm.errors import DbsbmError
from tests.unit.cache.peak import at_most
from tests.unit.cache.values import shape, values


@given(values)
def test_a_value_comes_back_exactly_as_it_went_in(value: Any) -> None:
    assert shape(unpack(pack(value))) == shape(value)


@given(values)
def test_the_same_value_is_always_the_same_bytes(value: Any) -> None:
    assert pack(unpack(pack(value))) == pack(value)


@pytest.mark.parametrize(
    "value",
    [
        {1: "int", "1": "text", None: "none", (1, "a"): "tuple"},
        {True: 1, 2: {3: 4}},
        {frozenset({1, 2}): {b"\x00": {UUID(int=7)}}},
        {"\ud800": ["\udfff", {"key": "\ud83d"}]},
        datetime(2026, 10, 25, 1, 30, fold=1, tzinfo=ZoneInfo("Europe/London")),
        datetime(2026, 10, 25, 1, 30, fold=1, tzinfo=UTC),
        datetime.fromisoformat("2026-10-25T01:30").replace(fold=1),
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=-3, microseconds=1))),
        datetime.min.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC")),
        time(1, 2, 3, 4, tzinfo=ZoneInfo("Asia/Tokyo"), fold=1),
        [timedelta.min, timedelta.max, timedelta(microseconds=-1)],
        [Decimal("-0"), Decimal("1E+30"), Decimal("sNaN123"), Decimal("-Infinity"), -0.0],
        [Decimal("1.50"), Decimal("1.5")],
        "\ud83d\ude00",
        [2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1],
        [-(10**5000)],
        [True, 1, 1.0],
        [(), [], {}, set(), frozenset(), b"", "", None],
        ([((1,),)], [[1]]),
        [b"\xc4" * 300, "\xc4", 0xC4C5C6],
    ],
)
def test_what_easily_changes_on_the_way_does_not(value: Any) -> None:
    assert shape(unpack(pack(value))) == shape(value)


def test_plain_data_is_plain_messagepack() -> None:
    value = {"a": [1, 2.5, None, True, "ü", b"\x00"], "b": {"c": -1}}
    assert pack(value) == msgspec.msgpack.encode(value)


def test_a_time_in_utc_stays_in_the_one_utc() -> None:
    assert unpack(pack(datetime(2026, 1, 1, tzinfo=UTC))).tzinfo is UTC


def test_no_two_types_share_a_number_on_the_wire() -> None:
    numbers = [
        value
        for name, value in vars(extensions).items()
        if name.isupper() and not name.startswith("_") and isinstance(value, int)
    ]
    assert sorted(numbers) == list(range(1, 19))


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
        ([(1, {2: [object()]})], "a object at value[0][1][2][0]"),
        ([{object()}], "a object at value[0]"),
        ({object(): 1}, "a object at value[0]"),
        (OrderedDict(a=1), "a collections.OrderedDict at value"),
        (Pair(1, 2), "Pair at value"),
        (["x", Dull("y")], "Dull at value[1]"),
        ({Dull("y"): 1}, "Dull at value[0]"),
        (1j, "a complex at value"),
        (bytearray(b"x"), "a bytearray at value"),
        ({"a": [[{"b": [memoryview(b"x")]}]]}, "a memoryview at value['a'][0][0]['b'][0]"),
        ((1, bytearray(300)), "a bytearray at value[1]"),
        ([bytearray(70_000)], "a bytearray at value[0]"),
        (array("b"), "a array.array at value"),
        (print, "a builtin_function_or_method at value"),
        ({"at": datetime(2026, 1, 1, tzinfo=OwnZone())}, "datetime.datetime with the zone"),
        (datetime(2026, 1, 1, tzinfo=timezone(timedelta(0), "Zulu")), "with the zone"),
    ],
)
def test_what_would_change_is_refused_by_type_and_path(value: Any, sentence: str) -> None:
    with pytest.raises(EncodeError) as refused:
        pack(value)
    assert sentence in str(refused.value)
    assert isinstance(refused.value, DbsbmError)


def nested(depth: int, wrap: Any) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = wrap(value)
    return value


def containing_itself() -> list[Any]:
    value: list[Any] = [1]
    value.append({"again": (value,)})
    return value


@pytest.mark.parametrize(
    "value",
    [
        containing_itself(),
        nested(5000, lambda value: [value]),
        nested(5000, lambda value: (value,)),
        nested(5000, lambda value: {"key": value}),
        nested(5000, lambda value: {1: value}),
    ],
    ids=["contains itself", "lists", "tuples", "dicts", "dicts of pairs"],
)
def test_a_value_without_an_end_is_refused(value: Any) -> None:
    with pytest.raises(EncodeError, match="contains itself or is nested too deeply"):
        pack(value)


@pytest.mark.parametrize("wrap", [lambda v: [v], lambda v: {"key": v}, lambda v: (v,)])
def test_fifty_levels_are_no_depth(wrap: Any) -> None:
    value = nested(50, wrap)
    assert unpack(pack(value)) == value


class TimeIsUp(Exception):
    pass


def test_an_interrupt_while_a_value_is_written_is_not_taken_for_its_fault() -> None:
    signals = [TimeIsUp()]

    class Interrupted(tuple[Any, ...]):
        __slots__ = ()

        @property
        def _fields(self) -> tuple[str, ...]:
            if signals:
                raise signals.pop()
            return ()

        _mapping = _fields

    with pytest.raises(TimeIsUp):
        pack([(Interrupted(),)])
    assert unpack(pack([(Interrupted(),)])) == [((),)]


@pytest.mark.parametrize(
    "make",
    [
        lambda: "x" * 64_000_000,
        lambda: b"x" * 64_000_000,
        lambda: [None] * 8_000_000,
        lambda: {"body": "x" * 64_000_000},
        lambda: ["x" * 8_000_000] * 8,
    ],
    ids=["text", "bytes", "items", "a field", "texts"],
)
def test_sixty_four_megabytes_are_refused_without_being_written(make: Callable[[], Any]) -> None:
    # Made here: what a decorator holds is held from the collection to the end of the whole run.
    value = make()
    with at_most(2**20), pytest.raises(TooLarge) as refused:
        refuse_larger(value, 2**20)
    assert refused.value.size > refused.value.limit == 2**20


@given(values)
def test_nothing_is_called_larger_than_it_is(value: Any) -> None:
    refuse_larger(value, len(pack(value)))


PRINT_SAMPLE = """
from dbsbm.cache.values.codec import pack
words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta"]
pairs = frozenset((word, len(word)) for word in words)
mixed = {1, "1", None, 2.5, b"1", (1,), frozenset(words)}
print(pack({"s": set(words), "f": pairs, "m": mixed, "d": dict.fromkeys(words)}).hex())
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
    decoded: Any = unpack(bytes.fromhex(sample.strip()))
    assert decoded["s"] == {"alpha", "beta", "gamma", "delta", "epsilon", "zeta"}
