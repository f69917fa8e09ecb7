from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbsbm.cache.categories import Category
from dbsbm.cache.keys import (
    BATCH,
    LONGEST_NAME,
    VERSION,
    Key,
    batches,
    prefix,
    version_and_category,
)

GAME = Category.GAME_DATA

parts = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=12) | st.sampled_from(["", ":", "%", "#1", "!1", "?", "$", "a:b"]),
    st.uuids(),
    st.dates(),
    st.datetimes(timezones=st.just(UTC)),
    st.decimals(allow_nan=False),
)
names = st.lists(parts, min_size=1, max_size=4)


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        (("nfl", 42), "dbsbm:v2:game_data:nfl:#42"),
        (("a:b", "50%", "Zürich"), "dbsbm:v2:game_data:a%3Ab:50%25:Z%C3%BCrich"),
        ((None, True, -1), "dbsbm:v2:game_data:?:!1:#-1"),
        ((Decimal("1.50"), UUID(int=1)), f"dbsbm:v2:game_data:=1.50:+{1:032x}"),
        ((date(2026, 1, 2),), "dbsbm:v2:game_data:@2026-01-02"),
        ((GAME,), "dbsbm:v2:game_data:game_data"),
        (("",), "dbsbm:v2:game_data:"),
    ],
)
def test_a_key_spells_out_its_namespace_version_category_and_parts(
    name: tuple[Any, ...], wire: str
) -> None:
    assert Key.of(GAME, *name).wire == wire


def test_a_long_name_becomes_its_hash() -> None:
    wire = Key.of(GAME, "x" * LONGEST_NAME, 1).wire
    assert wire == "dbsbm:v2:game_data:$88a3d7b6d6804e04e79396f20b7c448330ac1b2b"
    assert Key.of(GAME, "x" * LONGEST_NAME).wire.endswith("x" * LONGEST_NAME)


def typed(name: list[Any]) -> list[tuple[str, str]]:
    return [(type(part).__name__, str(part)) for part in name]


@given(names, names)
def test_different_names_make_different_keys(one: list[Any], other: list[Any]) -> None:
    same = typed(one) == typed(other)
    assert (Key.of(GAME, *one) == Key.of(GAME, *other)) == same


@given(names)
def test_a_key_is_short_printable_and_read_back(name: list[Any]) -> None:
    wire = Key.of(GAME, *name).wire
    assert wire.isascii()
    assert wire.isprintable()
    assert len(wire) <= len(prefix(GAME)) + LONGEST_NAME
    assert version_and_category(wire) == (VERSION, GAME)


@given(names)
def test_the_same_name_in_two_categories_makes_two_keys(name: list[Any]) -> None:
    assert len({Key.of(category, *name).wire for category in Category}) == 10


def test_equal_times_in_different_zones_make_the_same_key() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert Key.of(GAME, noon) == Key.of(GAME, noon.astimezone(timezone(timedelta(hours=5))))


def test_a_key_needs_a_part_and_a_time_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="at least one part"):
        Key.of(GAME)
    with pytest.raises(ValueError, match="needs a zone"):
        Key.of(GAME, datetime(2026, 1, 1))  # noqa: DTZ001 -- the naive time is the point


@pytest.mark.parametrize("part", [1.5, b"x", ["a"], ("a",), object()])
def test_a_part_without_one_spelling_is_refused(part: Any) -> None:
    with pytest.raises(TypeError, match=f"a {type(part).__name__} cannot be part of a key"):
        Key.of(GAME, part)


@pytest.mark.parametrize(
    ("wire", "known"),
    [
        ("dbsbm:v0:game_data:x", (0, GAME)),
        ("dbsbm:v12:game_data:x", (12, GAME)),
        ("dbsbm:v2:stats", (2, None)),
        ("dbsbm:v2:stats:batch:1", (2, None)),
        ("dbsbm:v2:unheard_of:x", (2, None)),
        ("dbsbm:game_data:x", None),
        ("dbsbm:vx:game_data:x", None),
        ("other:dbsbm:v2:game_data:x", None),
    ],
)
def test_only_keys_of_the_namespace_are_ours(wire: str, known: Any) -> None:
    assert version_and_category(wire) == known


def test_processes_with_different_hashes_make_the_same_keys() -> None:
    program = (
        "from dbsbm.cache import *; import decimal; "
        "print(Key.of(Category.SESSION, 'a', 1, decimal.Decimal('1.5'), 'x' * 500).wire)"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert seen == {Key.of(Category.SESSION, "a", 1, Decimal("1.5"), "x" * 500).wire}


@given(st.lists(st.integers(0, 3 * BATCH), max_size=3 * BATCH))
def test_batches_hold_every_key_once(numbers: list[int]) -> None:
    keys = [Key.of(GAME, number) for number in numbers]
    split = list(batches(keys))
    assert [key for batch in split for key in batch] == list(dict.fromkeys(keys))
    assert all(0 < len(batch) <= BATCH for batch in split)
