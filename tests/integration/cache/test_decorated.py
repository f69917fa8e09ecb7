from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest

from dbsbm.cache import MISS, Cache, Category, Key
from tests.integration.cache.looks import calls
from tests.integration.cache.watching import wait_for_copy, watching
from tests.servers import ValkeyServer

GAME = Category.GAME_DATA


class Side(Enum):
    HOME = "home"
    AWAY = "away"


@pytest.fixture
def watched(valkey_cache: ValkeyServer) -> Iterator[Cache]:
    with watching(valkey_cache) as cache:
        yield cache


def test_a_function_is_called_once_for_its_arguments(watched: Cache) -> None:
    asked: list[Any] = []

    @watched.cached(GAME)
    def games(league: str, day: date | None = None, *, limit: int = 10) -> list[Any]:
        """What is on."""
        asked.append((league, day, limit))
        return [league, limit]

    for _ in range(3):
        assert games("nfl") == games(league="nfl") == games("nfl", None, limit=10) == ["nfl", 10]
        assert games("nba", limit=5) == ["nba", 5]
    assert asked == [("nfl", None, 10), ("nba", None, 5)]
    assert (games.__name__, games.__doc__) == ("games", "What is on.")


@pytest.mark.parametrize(
    "alike",
    [
        (1, True, "1"),
        (0, False, None, ""),
        (Decimal("1.0"), 1, "1.0"),
        ("home", Side.AWAY),
        (date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01"),
        ("?", None),
    ],
)
def test_arguments_of_different_types_make_different_values(
    watched: Cache, alike: tuple[Any, ...]
) -> None:
    @watched.cached(GAME)
    def typed(value: Any) -> str:
        return f"{type(value).__name__} {value!r}"

    for _ in range(3):
        for value in alike:
            assert typed(value) == f"{type(value).__name__} {value!r}"


def test_equal_decimals_are_told_apart_by_their_digits(watched: Cache) -> None:
    @watched.cached(GAME)
    def spelled(value: Decimal) -> str:
        return str(value)

    for _ in range(2):
        assert [spelled(Decimal(text)) for text in ("1.0", "1.00")] == ["1.0", "1.00"]


def test_a_hit_in_the_process_asks_nobody(watched: Cache, valkey_cache: ValkeyServer) -> None:
    @watched.cached(GAME)
    def game(number: int) -> dict[str, Any]:
        return {"number": number, "odds": Decimal("1.91")}

    game(1)
    wait_for_copy(watched, game.key(1))
    before = calls(valkey_cache, "get")
    for _ in range(100):
        assert game(1) == {"number": 1, "odds": Decimal("1.91")}
        assert game(number=1)["number"] == 1
    assert calls(valkey_cache, "get") == before
    game(1).clear()
    assert game(1)["number"] == 1


def test_it_can_be_invalidated_and_refreshed(watched: Cache) -> None:
    values = iter(range(10))

    @watched.cached(GAME)
    def number(_: str) -> int:
        return next(values)

    assert [number("a"), number("b")] == [0, 1]
    assert number.invalidate("a")
    assert [number("a"), number("b")] == [2, 1]
    assert number.refresh("b") == 3
    assert [number("a"), number("b")] == [2, 3]
    assert watched.get(number.key("a")) == 2


def test_its_tags_may_depend_on_the_arguments(watched: Cache) -> None:
    values = iter(range(10))

    @watched.cached(GAME, tags=lambda guild: [f"t:bets:guild_id=#{guild}"])
    def record(guild: int) -> int:
        return next(values)

    @watched.cached(GAME, tags=["t:bets"])
    def total() -> int:
        return next(values)

    assert [record(1), record(2), total()] == [0, 1, 2]
    watched.invalidate_tags("t:bets:guild_id=#1")
    assert [record(1), record(2), total()] == [3, 1, 2]
    watched.invalidate_tags("t:bets")
    assert [record(1), record(2), total()] == [3, 1, 4]


def test_its_key_may_be_made_of_something_else(watched: Cache) -> None:
    class Bet:
        def __init__(self, number: int) -> None:
            self.number = number

    @watched.cached(GAME, key=lambda bet: bet.number, name="slip")
    def slip(bet: Bet) -> str:
        return f"slip {bet.number}"

    assert slip(Bet(1)) == slip(Bet(1)) == "slip 1"
    assert slip.key(Bet(1)) == Key.of(GAME, "slip", 1)


def test_an_argument_that_makes_no_key_is_refused_with_what_to_do(watched: Cache) -> None:
    @watched.cached(GAME, name="odds")
    def odds(value: object) -> object:
        return value

    for value in (1.5, object(), [1], {"a": 1}):
        with pytest.raises(TypeError, match=r"odds cannot be cached .* as `key`"):
            odds(value)
    with pytest.raises(TypeError, match="argument"):
        odds()  # type: ignore[call-arg]


def test_two_functions_of_one_name_are_refused(watched: Cache) -> None:
    @watched.cached(GAME, name="games")
    def first() -> int:
        return 1

    with pytest.raises(ValueError, match="two cached functions"):

        @watched.cached(GAME, name="games")
        def second() -> int:
            return 2

    assert first() == 1
    assert watched.functions["games"] is first


def test_more_arguments_than_are_remembered_are_told_apart_all_the_same(cache: Cache) -> None:
    @cache.cached(Category.SESSION, ttl=timedelta(minutes=1))
    def double(number: int) -> int:
        return 2 * number

    keys = {double.key(number) for number in range(5000)}
    assert len(keys) == 5000
    assert double(4999) == 9998


def test_arguments_without_number(cache: Cache) -> None:
    @cache.cached(GAME)
    def joined(*words: str, **more: int) -> str:
        return " ".join([*words, *map(str, more)])

    assert joined("a", "b") == "a b"
    assert joined("a", "b", c=1) == "a b c"
    assert len({joined.key("a"), joined.key("a", "b"), joined.key("a", b=1)}) == 3
    assert joined.key(b=1, a=2) == joined.key(a=2, b=1)


def test_what_a_function_raises_is_raised_and_not_cached(cache: Cache) -> None:
    outcomes = iter([ValueError("first"), "second"])

    @cache.cached(GAME)
    def flaky() -> str:
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    with pytest.raises(ValueError, match="first"):
        flaky()
    assert flaky() == flaky() == "second"


def test_a_function_that_calls_itself_for_other_arguments(cache: Cache) -> None:
    @cache.cached(GAME)
    def factorial(number: int) -> int:
        return number * factorial(number - 1) if number else 1

    assert factorial(20) == 2432902008176640000
    assert cache.get(factorial.key(19)) is not MISS
