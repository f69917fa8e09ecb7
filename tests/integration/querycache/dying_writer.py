"""A process that commits a write and is gone before it can tell the cache so."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from typing import Any

from sqlalchemy import create_engine, update

from dbsbm.cache import Cache, connect
from dbsbm.querycache.writing.transactions import Transactions
from tests.integration.querycache.schema import Base, Bet


def main(database: str, server: str, guard_seconds: float) -> None:
    cache = Cache(connect(server, connect_timeout=30, timeout=30))
    cache.release = _end  # type: ignore[method-assign]
    engine = create_engine(database)
    guard_for = timedelta(seconds=guard_seconds)
    Transactions(cache, Base.metadata, guard_for=guard_for).attach(engine)
    with engine.begin() as connection:
        connection.execute(update(Bet).where(Bet.id == 111).values(state="won"))


def _end(*_: Any) -> bool:
    os._exit(9)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
