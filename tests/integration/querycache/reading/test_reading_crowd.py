"""Many at once: who has committed a change reads it from then on, and in the end nothing is old."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, func, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from dbsbm.cache import Cache
from tests.integration.querycache.reading.house import House
from tests.integration.querycache.schema import GUILDS, USERS, Member
from tests.servers import wait_until

WORKERS = 4
ROUNDS = 40
MEMBERS = [(guild, user) for guild in GUILDS for user in USERS]
SUM = select(func.sum(Member.points))


def _points(guild: int, user: int) -> Any:
    return select(Member.points).where(Member.guild_id == guild, Member.user_id == user)


def _add_point(house: House, member: tuple[int, int]) -> int | None:
    """Give a member a point, and return how many it then has; None if the database refused."""
    guild, user = member
    theirs = (Member.guild_id == guild) & (Member.user_id == user)
    try:
        with house.sessions.begin() as session:
            session.execute(update(Member).where(theirs).values(points=Member.points + 1))
            return session.scalar(select(Member.points).where(theirs))
    except OperationalError:
        return None


def _work(house: House, seed: int) -> int:
    random, missed = Random(seed), 0

    def total(session: Session, guild: int) -> Any:
        return session.scalar(select(func.sum(Member.points)).where(Member.guild_id == guild))

    totals = house.queries.cached(name=f"total {seed}")(total)
    for _ in range(ROUNDS):
        member = random.choice(MEMBERS)
        [(seen,)] = house.rows(_points(*member))
        least = seen
        if random.random() < 0.4:
            given = _add_point(house, member)
            missed += given is None
            least = given or seen
        assert house.rows(_points(*member))[0][0] >= least
        with house.sessions() as session:
            assert int(totals(session, member[0])) >= least
    return missed


@pytest.fixture(params=["sqlite", "READ COMMITTED", "REPEATABLE READ"])
def crowded_engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "sqlite":
        found: Engine = request.getfixturevalue("sqlite_engine")
        return found
    engines: dict[str, Engine] = request.getfixturevalue("mariadb_engines")
    return engines[request.param]


def test_nobody_reads_less_than_was_committed_before(
    crowded_engine: Engine, cache: Cache, other_cache: Cache
) -> None:
    options = crowded_engine.get_execution_options()
    twin = create_engine(crowded_engine.url, execution_options=options)
    houses = [House(crowded_engine, cache), House(twin, other_cache)]
    with ThreadPoolExecutor(WORKERS) as pool:
        works = [pool.submit(_work, houses[seed % 2], seed) for seed in range(WORKERS)]
        missed = sum(work.result() for work in works)
    assert missed < WORKERS * ROUNDS / 8
    for house in houses:
        for statement in (SUM, *(_points(*member) for member in MEMBERS)):
            wait_until(lambda h=house, s=statement: h.rows(s) == h.direct(s))  # type: ignore[misc]
    for house in houses:
        house.close()
    twin.dispose()
