from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum, IntEnum, StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbsbm.cache.cache import Cache
from dbsbm.cache.categories import Category
from dbsbm.cache.keys import LONGEST_NAME, NAMESPACE, Key, Part
from dbsbm.cache.operating.warming import function_finder, parts_of

GAME = Category.GAME_DATA

times = st.datetimes(datetime(1970, 1, 1), datetime(2999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants naive bounds
parts = st.one_of(
    *(st.text(max_size=8), st.integers(), st.booleans(), st.none(), st.uuids(version=4), times),
    st.dates(datetime(1000, 1, 1).date()),  # noqa: DTZ001 - a day
    st.decimals(allow_nan=False, places=2, min_value=-1000, max_value=1000),
)


@given(st.lists(parts, min_size=1, max_size=5))
def test_a_key_holds_the_parts_it_was_made_of(made_of: list[Part]) -> None:
    key = Key.of(GAME, *made_of)
    if "$" in key.wire:
        assert parts_of(key.wire) is None
    else:
        read = parts_of(key.wire)
        assert read == tuple(made_of)
        assert [type(part) for part in read] == [type(part) for part in made_of]


@pytest.mark.parametrize(
    "wire",
    [
        Key.of(GAME, "x" * (LONGEST_NAME + 1)).wire,
        f"{NAMESPACE}game_data",
        "dbsbm:v0:game_data:x",
        f"{NAMESPACE}game_data:#x",
        f"{NAMESPACE}game_data:=1.2.3",
        f"{NAMESPACE}game_data:@yesterday",
        f"{NAMESPACE}game_data:+1",
        "",
    ],
)
def test_a_key_that_does_not_hold_its_parts_is_told_apart(wire: str) -> None:
    assert parts_of(wire) is None


class Sport(StrEnum):
    NFL = "nfl"


class Week(IntEnum):
    FIRST = 1


class Side(Enum):
    HOME = "h"


calls: list[tuple[Any, ...]] = []
cache = Cache(None)


@cache.cached(GAME)
def games(sport: Sport, week: Week | None = None, side: Side = Side.HOME) -> str:
    calls.append((sport, week, side))
    return f"{sport} {week}"


@cache.cached(GAME, key=lambda _source, number: number)
def through_a_source(source: object, number: int) -> int:
    calls.append((source, number))
    return number


@cache.cached(GAME)
def of_any_number(*numbers: int) -> int:
    return sum(numbers)


@pytest.fixture(autouse=True)
def _no_calls() -> None:
    calls.clear()


def found(wire: str) -> bool:
    reload = function_finder(cache.functions)(wire)
    if reload is not None:
        reload()
    return reload is not None


def test_the_call_that_a_key_is_of_is_made_again_with_its_arguments() -> None:
    assert found(games.key(Sport.NFL, week=Week.FIRST).wire)
    assert found(games.key(sport=Sport.NFL).wire)
    assert calls == [(Sport.NFL, Week.FIRST, Side.HOME), (Sport.NFL, None, Side.HOME)]
    assert [type(argument) for argument in calls[0]] == [Sport, Week, Side]


def test_a_key_that_does_not_tell_the_arguments_is_left_alone() -> None:
    assert not found(through_a_source.key(object(), 7).wire)
    assert not found(of_any_number.key(1, 2).wire)
    assert not found(Key.of(GAME, "a function of yesterday", 1).wire)
    assert not found(Key.of(GAME, 7).wire)
    assert not found(Key.of(GAME, games.__module__ + ".games").wire)
    assert not found("celery")
    assert calls == []
