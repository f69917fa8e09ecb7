"""Which days a refresh asks for, and how often."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from redis import Redis

from dbsbm.cache.cache import Cache
from dbsbm.db.engine import Database
from dbsbm.providers.model import Fetched, GameRow, LeagueRow
from dbsbm.sports.board import Board
from dbsbm.sports.refresh import Refresher
from tests.integration.db.rows import a_bet, a_game
from tests.servers import ValkeyServer

ZONE = ZoneInfo("America/New_York")
HOUR = timedelta(hours=1)


class Provider:
    """Knows no game, and notes for which days it was asked."""

    name = "espn"

    def __init__(self) -> None:
        self.asked: list[date] = []

    def covers(self, _league: str) -> bool:
        return True

    def leagues(self, *, priority: str) -> Fetched[LeagueRow]:
        return Fetched((), None, 0, datetime.now(UTC), 0.0)

    def games(self, _league: str, day: date, *, priority: str) -> Fetched[GameRow]:
        self.asked.append(day)
        return Fetched((), None, 1, datetime.now(UTC), 0.0)


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def refresher(
    database: Database, valkey_cache: ValkeyServer, provider: Provider
) -> Iterator[Refresher]:
    client = Redis.from_url(valkey_cache.url, protocol=3)
    cache = Cache(client)
    yield Refresher(database, cache, Board(database, cache), [provider], ["nfl"])  # type: ignore[list-item]
    client.close()


def today() -> date:
    return datetime.now(ZONE).date()


def noon(days_ago: int) -> datetime:
    moment = datetime.combine(today() - timedelta(days=days_ago), datetime.min.time(), ZONE)
    return moment + 12 * HOUR


def test_bets_on_a_game_that_ended_while_everything_was_down_get_its_result(
    database: Database, refresher: Refresher, provider: Provider
) -> None:
    starts_at = noon(days_ago=6)
    database.transact(lambda s: a_bet(s, game=a_game(s, status="live", starts_at=starts_at)))
    refresher.refresh("nfl", priority="background")
    assert today() - timedelta(days=6) in provider.asked
    provider.asked.clear()
    refresher.refresh("nfl", priority="background", max_age=timedelta(0))
    assert provider.asked == [today()]


@pytest.mark.parametrize(
    ("status", "state"), [("final", "open"), ("live", "won"), ("postponed", "open")]
)
def test_a_day_long_past_that_owes_no_result_is_left_alone(
    database: Database, refresher: Refresher, provider: Provider, status: str, state: str
) -> None:
    database.transact(
        lambda s: a_bet(s, game=a_game(s, status=status, starts_at=noon(6)), state=state)
    )
    refresher.refresh("nfl", priority="background")
    assert len(provider.asked) == 3


def test_a_member_who_looks_at_the_board_does_not_wait_for_days_long_past(
    database: Database, refresher: Refresher, provider: Provider
) -> None:
    database.transact(lambda s: a_bet(s, game=a_game(s, status="live", starts_at=noon(6))))
    refresher.refresh("nfl", priority="user")
    assert len(provider.asked) == 3


def test_a_game_of_last_evening_that_is_still_on_is_as_fresh_as_todays(
    database: Database, refresher: Refresher, provider: Provider
) -> None:
    database.transact(lambda s: a_game(s, status="live", starts_at=noon(days_ago=1)))
    refresher.refresh("nfl", priority="user")
    provider.asked.clear()
    refresher.refresh("nfl", priority="user", max_age=timedelta(0))
    assert provider.asked == [today(), today() - timedelta(days=1)]
