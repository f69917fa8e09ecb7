from __future__ import annotations

import argparse
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from dbsbm.cache.categories import Category
from dbsbm.cache.keys import NAMESPACE, Key, Part
from dbsbm.cli.cache.key_words import key_of_arguments, key_of_wire, parse_part
from dbsbm.errors import UserError

NUMBER = "123e4567-e89b-12d3-a456-426614174000"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("nfl", "nfl"),
        ("42", 42),
        ("-7", -7),
        ("text:42", "42"),
        ("text:text:x", "text:x"),
        ("bool:yes", True),
        ("bool:False", False),
        ("none:", None),
        ("date:2026-11-22", date(2026, 11, 22)),
        ("time:2026-11-22T18:00:00Z", datetime(2026, 11, 22, 18, tzinfo=UTC)),
        (f"uuid:{NUMBER}", UUID(NUMBER)),
        ("decimal:1.50", Decimal("1.50")),
        ("other:x", "other:x"),
        ("4.2", "4.2"),
        ("", ""),
    ],
)
def test_a_part_is_what_it_looks_like_or_says(text: str, part: Part) -> None:
    parsed = parse_part(text)
    assert (type(parsed), parsed) == (type(part), part)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("bool:2", "'2' is no bool; use text:bool:2 for text."),
        ("date:today", "'today' is no date; use text:date:today for text."),
        ("time:2026-11-22T18:00:00", "'2026-11-22T18:00:00' is no time; use text:time:"),
        ("uuid:1", "'1' is no uuid; use text:uuid:1 for text."),
        ("decimal:x", "'x' is no decimal; use text:decimal:x for text."),
        ("none:x", "'x' is no none; use text:none:x for text."),
    ],
)
def test_a_part_that_is_not_what_it_says_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(UserError) as raised:
        parse_part(text)
    assert str(raised.value).startswith(sentence)


def named(
    category: str | None = None, part: tuple[str, ...] = (), wire: str | None = None
) -> argparse.Namespace:
    return argparse.Namespace(category=category, part=part, wire=wire)


def test_a_key_is_named_by_its_parts_or_as_the_server_has_it() -> None:
    key = Key.of(Category.GAME_DATA, "nfl", 42)
    assert key_of_arguments(named("game_data", ("nfl", "42"))) == key
    assert key_of_arguments(named(wire=key.wire)) == key


@pytest.mark.parametrize(
    "arguments", [named(), named("game_data"), named("game_data", ("x",), "dbsbm:x")]
)
def test_half_a_key_and_two_keys_are_refused(arguments: argparse.Namespace) -> None:
    with pytest.raises(UserError, match=r"^Name a key by its category and parts"):
        key_of_arguments(arguments)


@pytest.mark.parametrize(
    "wire", ["x", "dbsbm:v1:game_data:x", f"{NAMESPACE}tag:t:bets", f"{NAMESPACE}policy"]
)
def test_a_key_that_is_not_of_a_value_is_refused(wire: str) -> None:
    with pytest.raises(UserError, match="is no key of a value; one looks like dbsbm:v"):
        key_of_wire(wire)
