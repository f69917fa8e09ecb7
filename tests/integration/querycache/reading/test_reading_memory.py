"""What is closed is let go of: a process may open any number of caches, one after the other."""

from __future__ import annotations

import gc
from pathlib import Path
from weakref import ref

from pydantic import SecretStr
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from dbsbm.cache import Cache, Category
from dbsbm.db.engine import Database
from tests.integration.querycache.reading.house import House, patient_cache
from tests.integration.querycache.schema import Base, Bet, fill
from tests.servers import ValkeyServer, wait_until

BETS = select(Bet.id, Bet.state).where(Bet.guild_id == 1)


def live(url: str, cache: Cache) -> list[ref[object]]:
    """Ask, write and close; return what is to end with that."""
    database = Database(SecretStr(url))
    Base.metadata.create_all(database.engine)
    house = House(database.engine, cache)

    @house.queries.cached(Category.USER_DATA)
    def bets(session: Session) -> list[Row[tuple[int, str]]]:
        return list(session.execute(BETS).all())

    with database.engine.begin() as connection:
        fill(connection)
    for _ in range(2):
        house.rows(BETS)
        with house.sessions() as session:
            bets(session)
    house.close()
    cache.close()
    database.dispose()
    engine, queries = database.engine, house.queries
    return [
        *(ref(each) for each in (engine, engine.dialect, engine.pool)),
        *(ref(each) for each in (queries, queries._transactions, queries._queries, bets)),
        *(ref(each) for each in (cache, cache._core, cache._channel, cache._core.local)),
        *(ref(each) for each in (house.sessions, house.sessions.class_)),
    ]


def test_of_what_was_closed_nothing_stays(valkey_cache: ValkeyServer, tmp_path: Path) -> None:
    left = live(f"sqlite:///{tmp_path / 'one.db'}", patient_cache(valkey_cache.url))

    def is_gone() -> bool:
        gc.collect()
        return not [each for each in (reference() for reference in left) if each is not None]

    # A thread of the cache may still be about to end.
    wait_until(is_gone, 30, lambda: f"nothing refers to {[reference() for reference in left]}")
