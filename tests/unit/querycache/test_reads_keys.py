"""Names of answers: one for each question, the same in every process, and without secrets."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import combinations
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import StaticPool, create_engine

from dbsbm.cache.categories import Category
from dbsbm.querycache.reading.keys import database_name, query_key
from dbsbm.querycache.reading.options import CacheFor, wish
from dbsbm.querycache.refusals import Reason, Refusal


def _key(sql: str, *parameters: Any, database: str = "db") -> str:
    return query_key(Category.DB_QUERY, database, ["bets"], sql, parameters).wire


VALUES = [
    *(None, True, False, 0, 1, -1, 1.0, "1", b"1", "", b"", Decimal(1), Decimal("1.0")),
    *(date(2026, 1, 1), timedelta(1), UUID(int=1)),
    datetime(2026, 1, 1),  # noqa: DTZ001 - as drivers give them
]


@pytest.mark.parametrize(("one", "other"), list(combinations(VALUES, 2)), ids=repr)
def test_different_values_make_different_keys(one: Any, other: Any) -> None:
    assert _key("SELECT ?", one) != _key("SELECT ?", other)


PLAIN = st.none() | st.booleans() | st.integers() | st.text() | st.binary() | st.floats()


@given(st.lists(PLAIN, max_size=4), st.lists(PLAIN, max_size=4))
def test_keys_are_equal_only_for_equal_values(one: list[Any], other: list[Any]) -> None:
    assert (_key("SELECT 1", *one) == _key("SELECT 1", *other)) == (repr(one) == repr(other))


def test_the_text_the_database_and_the_category_are_part_of_the_key() -> None:
    keys = {
        _key("SELECT 1"),
        _key("SELECT 2"),
        _key("SELECT 1", database="other"),
        query_key(Category.GUILD_DATA, "db", ["bets"], "SELECT 1", ()).wire,
    }
    assert len(keys) == 4


def test_named_values_make_a_key_in_whatever_order_they_come() -> None:
    one, other = {"a": 1, "b": 2}, {"b": 2, "a": 1}
    keys = [query_key(Category.DB_QUERY, "db", [], "SELECT 1", each) for each in (one, other)]
    assert keys[0] == keys[1]


def test_a_key_names_the_first_tables_for_whoever_reads_it() -> None:
    key = query_key(Category.DB_QUERY, "db", ["a", "b", "c", "d"], "SELECT 1", ())
    assert key.wire.split(":")[4] == "a%2Bb%2Bc"


def test_another_process_makes_the_same_key() -> None:
    program = (
        "from dbsbm.cache.categories import Category\n"
        "from dbsbm.querycache.reading.keys import query_key\n"
        "print(query_key(Category.DB_QUERY, 'db', ['bets'], 'SELECT ?', ('x', 1.5)).wire)"
    )
    found = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[3],
        env={"PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == _key("SELECT ?", "x", 1.5)


class Mood(StrEnum):
    GOOD = "good"


@pytest.mark.parametrize("value", [object(), Mood.GOOD, [1], datetime(2026, 1, 1, tzinfo=UTC)])
def test_a_value_whose_text_may_differ_from_process_to_process_is_refused(value: Any) -> None:
    with pytest.raises(Refusal) as refused:
        _key("SELECT ?", value)
    assert refused.value.reason is Reason.PARAMETER


def _name(url: str, **options: Any) -> str:
    engine = create_engine(url, **options)
    name = database_name(engine)
    assert database_name(engine) == name
    assert database_name(engine.execution_options(a=1)) == name
    return name


def test_a_database_is_known_by_its_place_and_not_by_who_logs_in() -> None:
    base = _name("mysql+pymysql://me:secret@host/db")
    assert _name("mysql+pymysql://you:other@host:3306/db") == base
    assert "secret" not in base
    others = [
        _name("mysql+pymysql://me:secret@elsewhere/db"),
        _name("mysql+pymysql://me:secret@host:3307/db"),
        _name("mysql+pymysql://me:secret@host/other"),
        _name("mysql+pymysql://me:secret@/db?unix_socket=/run/db.sock"),
        _name("sqlite:///db"),
    ]
    assert len({base, *others}) == 6


def test_a_file_is_known_by_its_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert _name("sqlite:///x.db") == _name(f"sqlite:///{tmp_path}/x.db")


def test_databases_in_memory_have_names_of_their_own() -> None:
    names = {_name("sqlite://", poolclass=StaticPool) for _ in range(3)}
    assert len(names) == 3


def test_a_database_in_memory_that_was_thrown_away_does_not_leave_its_name_behind() -> None:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    before = database_name(engine)
    engine.dispose()
    assert database_name(engine) != before


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file::memory:?uri=true", "mysql://host"]
)
def test_an_address_that_does_not_tell_which_database_it_is_is_refused(url: str) -> None:
    engine = create_engine(url.replace("mysql:", "mysql+pymysql:"))
    with pytest.raises(Refusal) as refused:
        database_name(engine)
    assert refused.value.reason is Reason.NO_NAME


def test_wishes_for_the_cache() -> None:
    assert wish(None) is wish(False) is None
    assert wish(True) == CacheFor()
    assert wish(timedelta(minutes=1)) == CacheFor(ttl=timedelta(minutes=1))
    assert wish(CacheFor(category=Category.GUILD_DATA)) == CacheFor(None, Category.GUILD_DATA)
    for wrong in ("yes", 60, 1):
        with pytest.raises(TypeError, match="must be True, a timedelta or a CacheFor"):
            wish(wrong)
