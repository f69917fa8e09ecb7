"""Another process of the application: reads through the cache, and writes, as it is told."""

from __future__ import annotations

import sys

from sqlalchemy import create_engine, select, text

from tests.integration.querycache.reading.house import House, patient_cache
from tests.integration.querycache.schema import Bet

STATE = select(Bet.state).where(Bet.id == 110)


def main() -> None:
    """Answer each line of the input with one line: `read`, or a statement to execute."""
    database, server = (sys.stdin.readline().strip() for _ in range(2))
    cache = patient_cache(server)
    house = House(create_engine(database), cache)
    for line in sys.stdin:
        if line.strip() == "read":
            with house.counting() as asked:
                rows = house.rows(STATE)
            answer = f"{rows[0][0]} {len(asked)}"
        else:
            with house.sessions.begin() as session:
                session.execute(text(line.strip()))
            answer = "done"
        sys.stdout.write(answer + "\n")
        sys.stdout.flush()
    house.close()
    cache.close()


if __name__ == "__main__":
    main()
