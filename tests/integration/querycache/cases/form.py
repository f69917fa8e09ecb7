"""What a case is, and how the commonest writes are spelled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.integration.querycache.schema import (
    Base,
    Bet,
)

ANY: Final = ("sqlite", "mysql")
MYSQL: Final = ("mysql",)
SQLITE: Final = ("sqlite",)

Write = Callable[[Session], object]


@dataclass(frozen=True)
class Case:
    """A write.

    Attributes:
        name: In words.
        write: Makes it in a session's transaction.
        spares: Queries that stay valid, by the first words of their names: the write is pinned
            down so far. Queries on tables that it does not touch always stay valid.
        touches: The tables that may count as changed; None where the write is not understood.
        on: The dialects that have this form.
        commits: MySQL commits it by itself, or might.
    """

    name: str
    write: Write
    spares: Sequence[str] = ()
    touches: Sequence[str] | None = ("bets",)
    on: Sequence[str] = ANY
    commits: bool = False


BETS_OF_OTHERS: Final = ("bets of 2", "bets of 3", "bet 2", "bet 3")
BETS: Final = Bet.__table__
NOT_BET_111: Final = (*BETS_OF_OTHERS, "bets of 1/10", "bet 110")


def a_bet(**values: Any) -> dict[str, Any]:
    return {"guild_id": 1, "user_id": 11, "state": "open", "risk": 1, **values}


def flushed(change: Callable[[Session], object]) -> Write:
    def write(session: Session) -> None:
        change(session)
        session.flush()

    return write


def in_text(sql: str, **values: Any) -> Write:
    return lambda session: session.execute(text(sql), values)


def driver_sql(sql: str, *parameters: Any) -> Write:
    """SQL in the driver's own words, written with `?`."""

    def write(session: Session) -> None:
        connection = session.connection()
        driver = sql if connection.dialect.name == "sqlite" else sql.replace("?", "%s")
        connection.exec_driver_sql(driver, *parameters)

    return write


def core(statement: Any, *parameters: Any) -> Write:
    return lambda session: session.connection().execute(statement, *parameters)


def orm(statement: Any, *parameters: Any) -> Write:
    return lambda session: session.execute(statement, *parameters)


def assigned(model: type[Base], key: Any, **values: Any) -> Write:
    def change(session: Session) -> None:
        row = session.get_one(model, key)
        for name, value in values.items():
            setattr(row, name, value)

    return flushed(change)
