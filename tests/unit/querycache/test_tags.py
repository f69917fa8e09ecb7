from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import (
    Boolean,
    Column,
    Computed,
    Date,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    TypeDecorator,
    Uuid,
    create_engine,
)
from sqlalchemy import Enum as EnumType

from dbsbm.cache.categories import Category
from dbsbm.cache.keys import Key, prefix
from dbsbm.errors import ConfigError
from dbsbm.querycache.scopes import (
    UNKNOWN,
    comparable,
    from_driver,
    is_declared,
    scope_tags_of,
    scopes,
)
from dbsbm.querycache.tags import (
    GLOBAL_TAG,
    MOST_ROWS,
    TagSet,
    any_tag,
    scope_tag,
    table_tag,
)

SQLITE = create_engine("sqlite://").dialect


class Colour(Enum):
    RED = "red"


class Size(IntEnum):
    BIG = 1


class Halved(TypeDecorator[int]):
    impl = Integer
    cache_ok = True


def test_tags_are_spelled_as_the_contract_of_both_sides_says() -> None:
    assert table_tag("Bets") == "t:bets"
    assert any_tag("bets") == "t:bets:*"
    assert scope_tag("bets", {"user_id": 9, "guild_id": 7}) == "t:bets:guild_id=#7,user_id=#9"
    assert GLOBAL_TAG == "t:*"


@given(st.one_of(st.integers(), st.booleans(), st.uuids(), st.dates(), st.text(max_size=40)))
def test_values_are_spelled_as_in_keys(value: Any) -> None:
    spelled = Key.of(Category.DB_QUERY, value).wire.removeprefix(prefix(Category.DB_QUERY))
    assert scope_tag("t", {"c": value}) == f"t:t:c={spelled}"


def test_values_of_different_types_make_different_tags() -> None:
    values = [7, "7", True, uuid.UUID(int=7), date(2026, 1, 7)]
    assert len({scope_tag("t", {"c": value}) for value in values}) == len(values)


@given(st.text(), st.text())
def test_no_text_can_pretend_to_be_another_scope(one: str, other: str) -> None:
    both = {"a": one, "b": other}
    assert scope_tag("t", both).count(",") == 1
    assert (scope_tag("t", both) == scope_tag("t", {"a": other, "b": one})) == (one == other)


@pytest.mark.parametrize(
    ("type_", "value", "expected"),
    [
        (Integer(), 7, 7),
        (Integer(), True, 1),
        (Integer(), "7", UNKNOWN),
        (Integer(), 7.0, UNKNOWN),
        (Integer(), Decimal(7), UNKNOWN),
        (Integer(), Size.BIG, UNKNOWN),
        (Boolean(), True, True),
        (Boolean(), 0, False),
        (Boolean(), 2, UNKNOWN),
        (Uuid(), uuid.UUID(int=7), uuid.UUID(int=7)),
        (Uuid(as_uuid=False), uuid.UUID(int=7).hex, uuid.UUID(int=7)),
        (Uuid(), "no uuid", UNKNOWN),
        (Uuid(), 7, UNKNOWN),
        (Date(), date(2026, 1, 7), date(2026, 1, 7)),
        (Date(), datetime(2026, 1, 7), UNKNOWN),  # noqa: DTZ001 - it stands for a mistake
        (Date(), "2026-01-07", UNKNOWN),
        (String(), "Abc  ", "abc"),
        (String(), " abc", " abc"),
        (String(), "ABC\t", UNKNOWN),
        (String(), "abç", UNKNOWN),
        (String(), 7, UNKNOWN),
        (EnumType(Colour), Colour.RED, UNKNOWN),
        (Numeric(), Decimal(7), UNKNOWN),
        (Halved(), 7, UNKNOWN),
    ],
)
def test_only_values_count_whose_equality_is_known(type_: Any, value: Any, expected: Any) -> None:
    found = comparable(type_, value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("type_", "raw", "expected"),
    [
        (Integer(), None, None),
        (Integer(), 7, 7),
        (Boolean(), 1, True),
        (Uuid(), uuid.UUID(int=7).hex, uuid.UUID(int=7)),
        (Uuid(), b"\x00", UNKNOWN),
        (Date(), "2026-01-07", date(2026, 1, 7)),
        (Date(), "tomorrow", UNKNOWN),
    ],
)
def test_what_a_driver_holds_is_read_back(type_: Any, raw: Any, expected: Any) -> None:
    assert from_driver(Column("c", type_), SQLITE, raw) == expected


def _table(*columns: Column[Any], **info: Any) -> Table:
    key = Column("id", Integer, primary_key=True)
    return Table("t", MetaData(), key, *columns, info=info)


def test_the_primary_key_is_a_scope_and_others_are_declared() -> None:
    table = _table(Column("b", Integer), Column("a", Integer), cache_scopes=(("b", "a"), ("id",)))
    assert scopes(table) == (("id",), ("a", "b"))
    assert is_declared(table)
    assert not is_declared(_table())


@pytest.mark.parametrize("column", [Column("a", Integer), Column("b", Integer, Computed("id + 1"))])
def test_a_scope_that_cannot_be_one_is_refused(column: Column[Any]) -> None:
    with pytest.raises(ConfigError, match="table t"):
        scopes(_table(column, cache_scopes=(("b",),)))


def test_rows_are_in_the_scopes_that_their_values_make() -> None:
    table = _table(Column("a", Integer), cache_scopes=(("a",),))
    assert scope_tags_of(table, [{"id": 1, "a": 2}, {"id": 3, "a": None}]) == {
        "t:t:id=#1",
        "t:t:a=#2",
        "t:t:id=#3",  # and in no scope of a: NULL equals nothing
    }
    assert scope_tags_of(table, [{"id": 1, "a": UNKNOWN}]) is None
    assert scope_tags_of(table, [{"id": 1}]) is None


def test_a_set_names_no_more_than_it_has_to() -> None:
    tags = TagSet()
    assert not tags
    tags.add_rows("Bets", {"t:bets:id=#1"})
    assert set(tags) == {"t:bets:*", "t:bets:id=#1"}
    tags.add_table("bets")
    tags.add_rows("bets", {"t:bets:id=#2"})
    assert set(tags) == {"t:bets"}
    tags.add_everything()
    assert set(tags) == {GLOBAL_TAG}


def test_many_rows_become_their_table() -> None:
    tags = TagSet()
    for number in range(2 * MOST_ROWS + 1):
        tags.add_rows("bets", {f"t:bets:id=#{number}"})
    assert set(tags) == {"t:bets"}


def test_sets_are_merged() -> None:
    one, other = TagSet(), TagSet()
    one.add_rows("a", {"t:a:id=#1"})
    other.add_rows("a", {"t:a:id=#2"})
    other.add_table("b")
    one.merge(other)
    assert set(one) == {"t:a:*", "t:a:id=#1", "t:a:id=#2", "t:b"}
