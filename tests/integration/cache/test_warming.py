from __future__ import annotations

from datetime import timedelta

import pytest
import redis

from dbsbm.cache.cache import Cache
from dbsbm.cache.categories import Category
from dbsbm.cache.keys import BATCH, Key
from dbsbm.cache.operating.hotlog import Hot
from dbsbm.cache.operating.warming import WarmReport, function_finder, warm_up
from dbsbm.cache.server.connection import connect
from dbsbm.errors import TransientError
from tests.servers import free_port

TEAM = Category.TEAM_DATA


class Teams:
    """A function that is cached, and the calls that were made of it."""

    def __init__(self, cache: Cache) -> None:
        self.loaded: list[int] = []
        self.find = function_finder(cache.functions)

        @cache.cached(TEAM, name="team")
        def team(number: int) -> str:
            self.loaded.append(number)
            if number < 0:
                raise ValueError("there is no such team")
            return f"team {number}"

        self.team = team

    def hottest(self, *numbers: int) -> list[Hot]:
        return [Hot(self.team.key(number).wire, 1, 0.1) for number in numbers]


@pytest.fixture
def teams(cache: Cache) -> Teams:
    return Teams(cache)


def test_what_is_gone_is_loaded_again_in_its_order_and_what_is_there_is_left(
    teams: Teams, client: redis.Redis
) -> None:
    numbers = list(range(2 * BATCH + 10))
    for number in numbers[::2]:
        teams.team(number)
    teams.loaded.clear()
    report = warm_up(client, teams.hottest(*numbers), teams.find)
    assert report == WarmReport(loaded=BATCH + 5, there=BATCH + 5)
    assert teams.loaded == numbers[1::2]
    assert warm_up(client, teams.hottest(*numbers), teams.find).loaded == 0


def test_after_the_server_lost_everything_all_is_loaded_that_was_hot(
    teams: Teams, client: redis.Redis
) -> None:
    hottest = teams.hottest(3, 1, 2)
    teams.team(1)
    client.flushall()
    assert warm_up(client, hottest, teams.find).loaded == 3
    teams.loaded.clear()
    assert [teams.team(number) for number in (1, 2, 3)] == ["team 1", "team 2", "team 3"]
    assert teams.loaded == []


def test_what_nobody_knows_how_to_load_is_counted_and_so_is_what_fails(
    teams: Teams, client: redis.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    other = Hot(Key.of(TEAM, "written by a warmer").wire, 1, 0.1)
    report = warm_up(client, [*teams.hottest(-1), other, *teams.hottest(1)], teams.find)
    assert report == WarmReport(loaded=1, unknown=1, failed=1)
    assert "A hot key could not be loaded again: ValueError." in caplog.messages


def test_no_load_is_begun_after_the_time_is_up(teams: Teams, client: redis.Redis) -> None:
    ticks = iter(range(100))
    report = warm_up(
        client,
        teams.hottest(*range(10)),
        teams.find,
        budget=timedelta(seconds=4),
        clock=lambda: float(next(ticks)),
    )
    assert report == WarmReport(loaded=3, left=7)


def test_a_server_that_is_away_is_a_transient_error(teams: Teams) -> None:
    with connect(f"redis://127.0.0.1:{free_port()}") as away, pytest.raises(TransientError):
        warm_up(away, teams.hottest(1), teams.find)
