from __future__ import annotations

import json
import logging
from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbsbm.cache.categories import Category, Policy
from dbsbm.cache.policy.overrides import (
    CHANGEABLE,
    PolicyError,
    category_named,
    changed,
    checked,
    to_json,
)
from dbsbm.cache.policy.policies import Policies, parse_mirror, render_mirror
from dbsbm.cache.policy.spans import parse_span, spell_span

GAME, TEAM = Category.GAME_DATA, Category.TEAM_DATA
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


def test_the_table_is_in_force_until_it_is_changed() -> None:
    policies = Policies()
    assert [policies.of(category) for category in Category] == [each.policy for each in Category]
    policies.replace({GAME: {"ttl": MINUTE, "local": False}})
    assert (policies.of(GAME).ttl, policies.of(GAME).local) == (MINUTE, False)
    assert policies.of(GAME).grace == GAME.policy.grace
    assert policies.of(TEAM) == TEAM.policy
    assert GAME.ttl == timedelta(minutes=15)
    policies.replace({})
    assert policies.of(GAME) == GAME.policy


def test_a_replacement_undoes_what_it_does_not_name_and_says_whether_it_changed_anything() -> None:
    policies = Policies()
    assert policies.replace({GAME: {"ttl": MINUTE}})
    assert not policies.replace({GAME: {"ttl": MINUTE}})
    assert policies.replace({TEAM: {"ttl": MINUTE}})
    assert policies.of(GAME) == GAME.policy
    assert policies.of(TEAM).ttl == MINUTE


def test_only_a_change_that_makes_a_difference_is_told() -> None:
    policies, told = Policies(), []
    policies.on_change(lambda: told.append(policies.of(GAME).ttl))
    policies.replace({GAME: {"ttl": MINUTE}})
    policies.replace({GAME: {"ttl": MINUTE}})
    policies.replace({})
    assert told == [MINUTE, GAME.ttl]


def test_a_negative_lifetime_is_never_longer_than_the_lifetime() -> None:
    policies = Policies()
    policies.replace({GAME: {"ttl": 10 * SECOND}})
    assert policies.of(GAME).negative_ttl == 10 * SECOND
    policies.replace({GAME: {"ttl": 10 * SECOND, "negative_ttl": 5 * SECOND}})
    assert policies.of(GAME).negative_ttl == 5 * SECOND


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "a lifetime of nothing": ({"ttl": 0 * SECOND}, "ttl must be a span from 1s to 7d, not 0s."),
    "a lifetime of a year": ({"ttl": 365 * DAY}, "ttl must be a span from 1s to 7d, not 365d."),
    "a lifetime before now": ({"ttl": -SECOND}, "ttl must be a span from 1s to 7d, not -1s."),
    "seconds as a number": ({"ttl": 60}, "ttl must be a span from 1s to 7d, not 60."),
    "a long grace": ({"grace": 8 * DAY}, "grace must be a span from 0s to 7d, not 8d."),
    "all of a lifetime shortened": ({"jitter": 1}, "jitter must be a share from 0 to 0.5, not 1."),
    "jitter as a flag": ({"jitter": True}, "jitter must be a share from 0 to 0.5, not True."),
    "no room": ({"max_bytes": 0}, "max_bytes must be a whole number from 1024 to 8388608, not 0."),
    "room without end": ({"max_bytes": None}, "max_bytes must be a whole number from 1024 to "),
    "compression of nothing": (
        {"compress_over": 1},
        "compress_over must be a whole number from 64 to 8388608 or none, not 1.",
    ),
    "a flag as text": ({"local": "no"}, "local must be yes or no, not no."),
    "a load without end": ({"load_limit": DAY}, "load_limit must be a span from 1s to 10m, not 1d"),
    "another codec": ({"codec": "bytes"}, "codec is fixed by the code; change the table instead."),
    "an unknown field": (
        {"tll": MINUTE},
        "There is no field 'tll' of a policy; use one of ttl, grace, negative_ttl, jitter, max_by",
    ),
}


@pytest.mark.parametrize(("changes", "sentence"), MISTAKES.values(), ids=MISTAKES)
def test_each_mistake_has_its_sentence_and_changes_nothing(
    changes: dict[str, Any], sentence: str
) -> None:
    policies = Policies()
    policies.replace({TEAM: {"ttl": MINUTE}})
    before = [policies.of(category) for category in Category]
    with pytest.raises(PolicyError) as raised:
        policies.replace({GAME: changes})
    assert str(raised.value).startswith(sentence)
    assert [policies.of(category) for category in Category] == before


def test_a_category_that_does_not_exist_is_answered_with_those_that_do() -> None:
    assert category_named(" Game_Data ") is GAME
    with pytest.raises(PolicyError, match="There is no category 'games'; use one of api_response,"):
        category_named("games")


def test_every_field_but_the_codec_can_be_changed() -> None:
    assert {*CHANGEABLE, "codec"} == {field.name for field in fields(Policy)}


spans = st.timedeltas(min_value=SECOND, max_value=7 * DAY).map(
    lambda span: timedelta(milliseconds=span // timedelta(milliseconds=1))
)
changes = st.fixed_dictionaries(
    {},
    optional={
        "ttl": spans,
        "grace": spans,
        "negative_ttl": spans,
        "jitter": st.floats(0, 0.5),
        "max_bytes": st.integers(1024, 8 * 1024 * 1024),
        "local": st.booleans(),
        "compress_over": st.none() | st.integers(64, 8 * 1024 * 1024),
        "load_limit": st.timedeltas(min_value=SECOND, max_value=10 * MINUTE),
        "learned": st.booleans(),
    },
)


@given(st.dictionaries(st.sampled_from(list(Category)), changes))
def test_a_mirror_says_what_was_changed(together: dict[Category, dict[str, Any]]) -> None:
    wanted = {category: each for category, each in together.items() if each}
    assert parse_mirror(render_mirror(together, 7)) == wanted
    policies = Policies()
    policies.replace(parse_mirror(render_mirror(together, 7)))
    for category in Category:
        assert policies.of(category) == changed(category.policy, wanted.get(category, {}))


@given(spans)
def test_a_span_is_read_as_it_was_written(span: timedelta) -> None:
    assert parse_span(spell_span(span)) == span


@pytest.mark.parametrize(
    ("text", "span"),
    [("90s", 90 * SECOND), ("1h30m", 90 * MINUTE), ("1.5h", 90 * MINUTE), (" 7D ", 7 * DAY)],
)
def test_spans_may_be_written_as_people_do(text: str, span: timedelta) -> None:
    assert parse_span(text) == span


@pytest.mark.parametrize("text", ["", "10", "m", "-5m", "10 m", "1w", "9" * 50 + "s", "10m!"])
def test_what_is_no_span_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="is no span of time; write 30s, 10m, 1h30m or 7d"):
        parse_span(text)


@pytest.mark.parametrize(
    "stored",
    [b"", b"\xff", b"[]", b"{}", b'{"categories": 3}', b'{"categories": [[[], 1]]}', b"[" * 10**5],
)
def test_a_mirror_that_cannot_be_read_leaves_the_table_in_force(
    stored: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    assert parse_mirror(stored) == {}
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_what_a_later_release_writes_does_not_hide_what_this_one_knows() -> None:
    categories = {
        "game_data": {"ttl": 60, "colour": "blue", "jitter": 7, "grace": float("nan")},
        "horoscopes": {"ttl": 60},
        " game_data ": {"ttl": 70},
        "team_data": [],
        "session": {"ttl": "1h"},
    }
    mirror = json.dumps({"revision": 1, "categories": categories}).encode()
    assert parse_mirror(mirror) == {GAME: {"ttl": MINUTE}}


@given(
    st.binary(max_size=60)
    | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(
        lambda value: json.dumps({"categories": {"game_data": {"ttl": value}}}).encode()
    )
)
def test_no_mirror_raises(stored: bytes) -> None:
    policies = Policies()
    policies.replace(parse_mirror(stored))
    assert all(SECOND <= policies.of(category).ttl <= 7 * DAY for category in Category)


def test_json_has_spans_as_seconds() -> None:
    assert to_json(checked({"ttl": 90 * SECOND, "local": True, "compress_over": None})) == {
        "ttl": 90.0,
        "local": True,
        "compress_over": None,
    }
