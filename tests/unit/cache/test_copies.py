from __future__ import annotations

import copy
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pytest
from hypothesis import given

from dbsbm.cache.local.copies import deep_copy, plan
from dbsbm.cache.local.sizes import memory_of
from dbsbm.cache.values.rows import make_row
from tests.unit.cache.values import Colour, Leg, Slip, shape, values

MUTABLE = (list, dict, set, Slip)


class Pair(NamedTuple):
    first: Any
    second: Any


@dataclass(frozen=True)
class Computed:
    """Frozen, and yet an instance remembers what a caller may change."""

    parts: tuple[int, ...]

    @cached_property
    def listed(self) -> list[int]:
        return list(self.parts)


@dataclass(frozen=True)
class Point:
    x: int
    at: Any = None


@dataclass
class Remembering:
    x: int
    _seen: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.extra = {"made": [self.x]}


class Foreign:
    """What the typed codec would not take."""

    def __init__(self, held: Any) -> None:
        self.held = held


def parts_of(value: Any) -> Iterator[Any]:
    """Yield a value and all that it holds."""
    yield value
    inner: Any = ()
    if isinstance(value, dict):
        inner = [*value, *value.values()]
    elif isinstance(value, list | tuple | set | frozenset) and type(value) is not Colour:
        inner = value
    elif is_dataclass(value):
        inner = [getattr(value, each.name) for each in fields(value)]
    for part in inner:
        yield from parts_of(part)


def mutable_parts(value: Any) -> set[int]:
    return {id(part) for part in parts_of(value) if isinstance(part, MUTABLE)}


def copied(value: Any) -> Any:
    """Return what a caller of the cache gets."""
    copier, _ = plan(value)
    return value if copier is None else copier(value)


@pytest.mark.parametrize("copier", [copied, deep_copy])
@given(value=values)
def test_a_copy_is_equal_and_shares_nothing_that_can_change(
    copier: Callable[[Any], Any], value: Any
) -> None:
    anew = copier(value)
    assert shape(anew) == shape(value)
    assert mutable_parts(anew).isdisjoint(mutable_parts(value))


@given(values)
def test_a_value_is_shared_exactly_if_nothing_in_it_can_change(value: Any) -> None:
    assert (plan(value)[0] is None) == (not mutable_parts(value))


@pytest.mark.parametrize(
    "value",
    [
        None,
        Decimal("1.50"),
        "text",
        UUID(int=7),
        Colour.RED,
        (),
        (1, ("a", frozenset({b"b"})), Leg("moneyline", Decimal("1.91"), ("live",))),
        make_row(("id", "at"), (1, datetime(2026, 1, 1, tzinfo=UTC))),
        Pair(1, Pair(2, 3)),
        Point(1, Point(2)),
    ],
    ids=repr,
)
def test_what_nothing_can_change_needs_no_copy(value: Any) -> None:
    assert plan(value)[0] is None
    assert deep_copy(value) is value


@pytest.mark.parametrize(
    ("value", "change"),
    [
        ([1, 2], lambda v: v.append(3)),
        ([(1, 2), "a"], lambda v: v.clear()),
        ([], lambda v: v.append(1)),
        ({"a": 1}, lambda v: v.update(a=2)),
        ({"a": []}, lambda v: v["a"].append(1)),
        ({(1, 2): {"b": {"c": [1]}}}, lambda v: v[1, 2]["b"]["c"].append(2)),
        ([{"a": 1}, {"a": 2}], lambda v: v[1].update(a=3)),
        ([{"a": [1]}, {"a": [2]}, {"a": 3}], lambda v: v[0]["a"].append(3)),
        ([[[1]], [[2]]], lambda v: v[1][0].clear()),
        ({1, 2}, lambda v: v.add(3)),
        (([1], 2), lambda v: v[0].append(2)),
        (make_row(("a", "b"), ([1], 2)), lambda v: v.a.append(2)),
        (Pair([1], 2), lambda v: v.first.append(2)),
        (Slip(["leg"], {"text": "note"}), lambda v: v.note.update(text="other")),
        (Slip(["leg"]), lambda v: setattr(v, "note", "other")),
        (Leg("moneyline", [Decimal("1.91")]), lambda v: v.odds.clear()),
        (Point(1, {"a": 1}), lambda v: v.at.clear()),
        (Remembering(1), lambda v: v._seen.append(1)),
    ],
    ids=lambda part: None if callable(part) else repr(part),
)
def test_a_change_of_a_copy_reaches_nobody(value: Any, change: Callable[[Any], Any]) -> None:
    before = copy.deepcopy(value)
    mine, yours = copied(value), copied(value)
    assert mine == yours == before
    change(mine)
    assert mine != before
    assert value == yours == before


def test_what_a_frozen_instance_computes_and_remembers_is_not_shared() -> None:
    original = Computed((1, 2))
    mine, yours = copied(original), copied(original)
    mine.listed.append(3)
    assert yours.listed == original.listed == [1, 2]


def test_attributes_that_are_no_fields_are_copied_too() -> None:
    original = Remembering(1)
    mine = copied(original)
    mine.extra["made"].append(2)
    assert original.extra == {"made": [1]}


def test_what_the_codec_does_not_know_is_copied_as_the_library_does() -> None:
    original = [Foreign([1]), {"inner": Foreign({"a": 1})}]
    mine = copied(original)
    mine[0].held.append(2)
    mine[1]["inner"].held.clear()
    assert (original[0].held, original[1]["inner"].held) == ([1], {"a": 1})


def test_values_may_be_nested_to_any_depth() -> None:
    deep: Any = ["bottom"]
    for level in range(5000):
        deep = {"inner": deep} if level % 2 else [deep, 1]
    mine = copied(deep)
    theirs = deep
    for _ in range(5000):
        assert mine is not theirs
        mine, theirs = (part["inner"] if "inner" in part else part[0] for part in (mine, theirs))
    assert mine == ["bottom"]
    assert mine is not theirs


def test_a_value_that_holds_itself_is_copied_with_its_circle() -> None:
    circle: list[Any] = [1]
    circle.append((circle,))
    mine = deep_copy(circle)
    assert mine[1][0] is mine
    assert mine is not circle


def row(number: int) -> dict[str, Any]:
    return {
        "id": 1000 + number,
        "guild_id": 10**18 + number,
        "name": f"guild {number}",
        "odds": Decimal(number) / 4,
        "at": datetime(2026, 1, 1, number % 24, tzinfo=UTC),
        "status": f"open {number % 3}",
        "note": None,
    }


@pytest.mark.parametrize(
    "make",
    [
        lambda: f"{7:02000}",
        lambda: {f"column {n}": f"{n:050}" for n in range(20)},
        lambda: [row(n) for n in range(100)],
        lambda: [make_row(("id", "name"), (n + 1000, f"{n:030}")) for n in range(100)],
        lambda: {
            "games": [row(n) for n in range(20)],
            "legs": [(n + 999, uuid4()) for n in "abc" for n in range(9)],
        },
        lambda: [Slip([row(n)], f"note {n}") for n in range(50)],
        lambda: [Leg(f"market {n}", Decimal(n) / 7, (f"{n}", f"{n}{n}")) for n in range(50)],
        lambda: {f"{n:040}" for n in range(300)},
        lambda: [1, True, None, "a", ()] * 400,
        lambda: [Foreign([f"{n:090}"]) for n in range(50)],
    ],
)
def test_sizes_are_about_the_memory_that_a_value_takes(make: Callable[[], Any]) -> None:
    memory_of(make())  # what is made once and kept, such as a class's table of slots
    tracemalloc.start()
    try:
        value = make()
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken / 1.5 < memory_of(value) < taken * 1.5
    assert plan(value)[1] == memory_of(value)
