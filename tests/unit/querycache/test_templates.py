"""What a call will depend on, foretold by what another call depended on."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbsbm.cache import Category, Key
from dbsbm.querycache.reading.templates import MOST, Templates
from dbsbm.querycache.tags import any_tag, scope_tag, table_tag


def key(*arguments: Any, function: str = "record@db") -> Key:
    return Key.of(Category.USER_DATA, function, *arguments)


def bets_of(guild: int, user: int) -> tuple[str, ...]:
    return ("t:*", table_tag("bets"), scope_tag("bets", {"guild_id": guild, "user_id": user}))


@pytest.fixture
def templates() -> Templates:
    return Templates()


def test_nothing_is_foretold_of_a_function_that_was_not_called(templates: Templates) -> None:
    assert templates.foretell(key(1, 2)) is None
    templates.learn(key(1, 2), bets_of(1, 2))
    assert templates.foretell(key(1, 2, function="other@db")) is None
    assert templates.foretell(key(1)) is None


def test_the_arguments_of_a_call_take_the_places_of_those_of_another(templates: Templates) -> None:
    templates.learn(key(1, 2), bets_of(1, 2))
    assert templates.foretell(key(7, 8)) == bets_of(7, 8)
    assert templates.foretell(key(2, 1)) == bets_of(2, 1)


@given(first=st.integers(), second=st.integers(), guild=st.integers(), user=st.integers())
def test_any_two_calls_read_alike(first: int, second: int, guild: int, user: int) -> None:
    templates = Templates()
    templates.learn(key(first, second), bets_of(first, second))
    if first != second:
        assert templates.foretell(key(guild, user)) == bets_of(guild, user)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (True, False),
        ("nfl", "nba"),
        ("a:b,c=d", "e:f,g=h"),
        (UUID(int=1), UUID(int=2)),
        (date(2026, 1, 2), date(2027, 3, 4)),
    ],
)
def test_arguments_of_every_type_of_a_scope_are_found(
    templates: Templates, one: Any, other: Any
) -> None:
    def tags(value: Any) -> tuple[str, ...]:
        return any_tag("teams"), scope_tag("games", {"league_key": value})

    templates.learn(key(one), tags(one))
    assert templates.foretell(key(other)) == tags(other)


def test_text_is_found_as_a_tag_folds_it(templates: Templates) -> None:
    templates.learn(key("NFL"), (scope_tag("games", {"league_key": "nfl"}),))
    assert templates.foretell(key("Nba")) == (scope_tag("games", {"league_key": "nba"}),)


def test_a_value_that_is_no_argument_stays(templates: Templates) -> None:
    def tags(guild: int) -> tuple[str, ...]:
        states = ("won", "lost")
        return tuple(scope_tag("bets", {"guild_id": guild, "state": state}) for state in states)

    since = datetime(2026, 1, 2, tzinfo=UTC)
    templates.learn(key(1, since, ""), tags(1))
    assert templates.foretell(key(2, datetime(2027, 1, 2, tzinfo=UTC), "x")) == tags(2)


def test_calls_with_arguments_of_other_types_are_told_apart(templates: Templates) -> None:
    templates.learn(key(None), (any_tag("games"),))
    templates.learn(key(5), (scope_tag("games", {"id": 5}),))
    assert templates.foretell(key(None)) == (any_tag("games"),)
    assert templates.foretell(key(6)) == (scope_tag("games", {"id": 6}),)


def test_what_was_wrong_is_not_foretold_again_until_it_is_right(templates: Templates) -> None:
    """As where a bet names the game that is read next."""

    def tags(bet: int, game: int) -> tuple[str, ...]:
        return scope_tag("bets", {"id": bet}), scope_tag("games", {"id": game})

    templates.learn(key(1), tags(1, 50))
    assert templates.foretell(key(2)) == tags(2, 50)
    templates.learn(key(2), tags(2, 60))
    assert templates.foretell(key(3)) is None
    templates.learn(key(3), tags(3, 60))
    assert templates.foretell(key(4)) == tags(4, 60)


def test_two_arguments_alike_mislead_once_at_most(templates: Templates) -> None:
    templates.learn(key(3, 3), bets_of(3, 3))
    for guild in (1, 5):
        templates.learn(key(guild, 2), bets_of(guild, 2))
    assert templates.foretell(key(7, 8)) == bets_of(7, 8)


def test_a_key_that_does_not_show_its_arguments_teaches_nothing(templates: Templates) -> None:
    long = "x" * 500
    templates.learn(key(long), (any_tag("games"),))
    assert templates.foretell(key(long)) is None


def test_so_many_templates_are_remembered(templates: Templates) -> None:
    for number in range(MOST + 1):
        templates.learn(key(1, 2, function=f"f{number}@db"), bets_of(1, 2))
    assert templates.foretell(key(7, 8, function="f0@db")) is None
    assert templates.foretell(key(7, 8, function=f"f{MOST}@db")) == bets_of(7, 8)
