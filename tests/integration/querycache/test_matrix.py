"""Every write through every API form: what it changes must be told, and nothing before its commit.

The oracle is the database: each cached query is asked again, and one whose answer has changed must
have been invalidated.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from dbsbm.querycache.tags import GLOBAL_TAG, scope_tag, table_tag
from dbsbm.querycache.writing.transactions import Transactions
from tests.integration.querycache.cases import (
    CASES,
    CORE_STATEMENTS,
    FLUSHES,
    ORM_STATEMENTS,
    Case,
)
from tests.integration.querycache.conftest import EVERYWHERE
from tests.integration.querycache.schema import Base, Bet, Query, queries
from tests.unit.querycache.tagstore import TagStore

QUERIES = queries()
Answers = dict[str, object]

# What asks the database for rows depends on what it sees, so it is tried on every level; the rest
# on the product's own.
ISOLATED = {case.name for case in (*FLUSHES, *ORM_STATEMENTS, *CORE_STATEMENTS)}


def _runs(database: str, case: Case) -> bool:
    if database == "sqlite":
        return "sqlite" in case.on
    return "mysql" in case.on and (database == "READ COMMITTED" or case.name in ISOLATED)


PAIRS = [
    pytest.param(database, case, id=f"{database}: {case.name}")
    for database in EVERYWHERE
    for case in CASES
    if _runs(database, case)
]


@pytest.fixture
def store(engine: Engine) -> Iterator[TagStore]:
    store = TagStore()
    transactions = Transactions(store, Base.metadata)
    transactions.attach(engine)
    yield store
    transactions.detach(engine)


@pytest.fixture(scope="module")
def answers() -> dict[str, Answers]:
    """What the queries answer before any write, by dialect."""
    return {}


@pytest.fixture
def before(engine: Engine, answers: dict[str, Answers]) -> Answers:
    if engine.dialect.name not in answers:
        answers[engine.dialect.name] = _answers(engine)
    return answers[engine.dialect.name]


def _answers(engine: Engine) -> Answers:
    with engine.connect() as connection:
        return {query.name: query.answer(connection) for query in QUERIES}


def _stamps(store: TagStore) -> Answers:
    return {query.name: store.stamps(query.tags) for query in QUERIES}


def _changed(before: Answers, after: Answers) -> set[str]:
    return {name for name in before if before[name] != after[name]}


def _may_change(query: Query, case: Case) -> bool:
    """Whether a query reads a table that the write may count as changed, and is not spared."""
    if case.touches is None:
        return True
    tables = {tag.split(":")[1] for tag in query.tags}
    return bool(tables & set(case.touches)) and not query.name.startswith(tuple(case.spares))


def _new_bets(before: Answers, engine: Engine) -> set[int]:
    """Keys that nobody had before: a query for one of them has answered that there is no row."""
    rows = before["all bets"]
    assert isinstance(rows, list)
    with engine.connect() as connection:
        return set(connection.scalars(select(Bet.id))) - {row[0] for row in rows}


def _is_told(number: int, store: TagStore) -> bool:
    """Whether a query for a bet by its key has been invalidated."""
    return not store.released.isdisjoint(
        [GLOBAL_TAG, table_tag("bets"), scope_tag("bets", {"id": number})]
    )


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 60
    assert len({(case.name, case.on) for case in CASES}) == len(CASES)


@pytest.mark.parametrize(("engine", "case"), PAIRS, indirect=["engine"])
def test_a_write_invalidates_what_it_changed_when_it_is_committed_and_only_then(
    case: Case, engine: Engine, store: TagStore, before: Answers
) -> None:
    stamps = _stamps(store)
    if not case.commits:
        with Session(engine) as session:
            case.write(session)
            session.rollback()
        assert store.told == []
    with Session(engine) as session:
        case.write(session)
        assert case.commits or store.told == []
        session.commit()
    wrong, invalid = _changed(before, _answers(engine)), _changed(stamps, _stamps(store))
    assert wrong <= invalid
    assert all(_is_told(number, store) for number in _new_bets(before, engine))
    assert invalid <= {query.name for query in QUERIES if _may_change(query, case)}
    assert store.guards == {}
