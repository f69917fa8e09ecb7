from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import func, select

from dbsbm.bootstrap import Services
from dbsbm.cache.categories import Category
from dbsbm.cache.keys import Key
from dbsbm.cache.miss import MISS
from dbsbm.cache.operating.hotlog import SLOT_SECONDS
from dbsbm.cache.policy.mirror import POLICY_KEY
from dbsbm.cache.policy.policies import parse_mirror
from dbsbm.commands import warm
from dbsbm.commands.period import Period
from dbsbm.db.models import CacheCleanupRun, CacheDebt, CacheHotLog
from dbsbm.errors import UserError
from dbsbm.maintenance import cleanup, dues, hot_keys, policies, relay, warmers
from tests.integration.db.rows import a_bet, a_game
from tests.integration.services import Sent, services_on
from tests.servers import ValkeyServer

GAME = Category.GAME_DATA
MINUTE = timedelta(minutes=1)


@pytest.fixture
def another(
    migrated_url: str, valkey_broker: ValkeyServer, valkey_cache: ValkeyServer, tmp_path: Path
) -> Iterator[Callable[[], Services]]:
    """Makes the services of processes on the same database and cache."""
    places = {"database": migrated_url, "broker": valkey_broker.url, "cache": valkey_cache.url}
    with ExitStack() as stack:
        yield lambda: stack.enter_context(services_on(**places, data_dir=tmp_path, sent=Sent()))


@pytest.fixture
def services(another: Callable[[], Services]) -> Services:
    return another()


def change(services: Services) -> None:
    policies.change(services.database, GAME, {"ttl": MINUTE}, changed_by="ann", reason="x")


def owe(services: Services, *tags: str, age: timedelta) -> None:
    debt = CacheDebt(tags=list(tags), created_at=datetime.now(UTC) - age)
    services.database.transact(lambda session: session.add(debt))


def log_reads(services: Services, **reads: float) -> None:
    slot = f"dbsbm:hot:{int(services.cache_client.time()[0]) // SLOT_SECONDS}"
    services.cache_client.zadd(slot, reads)


def debts(services: Services) -> int:
    with services.database.read() as session:
        return session.scalar(select(func.count()).select_from(CacheDebt)) or 0


def test_the_clean_up_publishes_policies_and_is_recorded(services: Services) -> None:
    change(services)
    services.cache_client.set("dbsbm:v0:game_data:x", 1)
    report = cleanup.run(services, "a trace")
    assert report["removed"] == {"old_version": 1}
    stored = services.cache_client.get(POLICY_KEY)
    assert parse_mirror(stored or b"") == {GAME: {"ttl": MINUTE}}
    with services.database.read() as session:
        assert session.scalars(select(CacheCleanupRun)).one().trace_id == "a trace"


def test_the_clean_up_of_a_server_that_is_away_is_recorded_all_the_same(
    services: Services, fresh_valkey_cache: ValkeyServer
) -> None:
    services.cache_client.connection_pool.connection_kwargs["port"] = fresh_valkey_cache.port
    fresh_valkey_cache.kill()
    assert cleanup.run(services, "a trace")["scanned"] == 0
    with services.database.read() as session:
        assert session.scalars(select(CacheCleanupRun)).one().errors == 1


def test_the_relay_pays_what_the_dead_owe_and_leaves_the_living_their_debts(
    services: Services,
) -> None:
    key = Key.of(GAME, 1)
    assert services.cache.get_or_load(key, lambda: "old", tags=["t:games"]) == "old"
    owe(services, "t:games", "t:teams", age=MINUTE)
    owe(services, "t:bets", age=timedelta(0))
    assert relay.run(services)["cache_debts"] == 1
    assert services.cache.get(key) is MISS
    assert debts(services) == 1


def test_what_is_owed_waits_for_a_server_that_is_away(
    services: Services, fresh_valkey_cache: ValkeyServer
) -> None:
    services.cache_client.connection_pool.connection_kwargs["port"] = fresh_valkey_cache.port
    fresh_valkey_cache.kill()
    owe(services, "t:games", age=MINUTE)
    assert dues.settle(services) == 0
    assert debts(services) == 1


def test_the_relay_mirrors_the_policies_again_that_a_server_has_lost(services: Services) -> None:
    change(services)
    relay.run(services)
    services.cache_client.flushall()
    relay.run(services)
    assert parse_mirror(services.cache_client.get(POLICY_KEY) or b"") == {GAME: {"ttl": MINUTE}}


def test_what_was_hot_is_remembered_beyond_the_loss_of_the_cache_and_fades(
    services: Services,
) -> None:
    log_reads(services, first=100, second=50)
    assert [hot.wire for hot in hot_keys.remember(services)] == ["first", "second"]
    services.cache_client.flushall()
    log_reads(services, third=60)
    hottest = hot_keys.remember(services)
    assert [(hot.wire, hot.reads) for hot in hottest] == [
        ("first", pytest.approx(70)),
        ("third", 60),
        ("second", pytest.approx(35)),
    ]
    for _ in range(60):
        services.cache_client.flushall()
        hottest = hot_keys.remember(services)
    with services.database.read() as session:
        assert session.scalars(select(CacheHotLog)).one().entries == []


def test_warming_loads_the_hot_values_of_functions_again_after_the_cache_is_lost(
    services: Services,
) -> None:
    loaded = []

    @services.cache.cached(GAME, name="board")
    def board(league: str) -> str:
        loaded.append(league)
        return f"games of {league}"

    for league in ("nfl", "nba"):
        board(league)
    log_reads(services, **{board.key("nfl").wire: 100, "a key of nobody": 5})
    available = warmers.of(services)
    assert warm.warm(["hot_keys"], available) == {"hot_keys": 0}
    services.cache_client.flushall()
    assert warm.warm(["hot_keys"], available) == {"hot_keys": 1}
    assert loaded == ["nfl", "nba", "nfl"]
    board("nfl")
    assert loaded == ["nfl", "nba", "nfl"]


def test_what_members_read_is_loaded_again_by_a_process_that_never_read_it(
    services: Services, another: Callable[[], Services]
) -> None:
    since, today = datetime(2026, 11, 1, tzinfo=UTC), datetime.now(UTC).date()
    for _ in range(2):
        services.standings.ranking(7, since)
        services.standings.record(7, 8, Period.ALL)
        services.board.games("nfl")
    functions = services.query_cache.functions
    with services.database.read() as session:
        wires = [
            functions["dbsbm.commands.standings._ranking"].key(session, 7, since).wire,
            functions["dbsbm.commands.standings._records"].key(session, 7, 8, today).wire,
            cast(Any, services.cache.functions["games"]).key("nfl").wire,
        ]
    assert all(services.cache_client.exists(wire) for wire in wires)
    log_reads(services, **dict.fromkeys(wires, 100))
    hot_keys.remember(services)
    services.cache_client.flushall()
    assert hot_keys.warm(another()) == 3
    assert all(services.cache_client.exists(wire) for wire in wires)


def test_one_warming_is_enough_for_a_cold_cache(services: Services) -> None:
    services.database.transact(lambda session: a_bet(session, game=a_game(session), user_id=8))
    assert warm.warm(["guild_data", "user_data"], warmers.of(services))["user_data"] == 2
    before = services.cache.stats.snapshot()
    services.standings.record(1, 8, Period.ALL)
    services.standings.at_stake(1, 8)
    services.standings.ranking(1, None)
    after = services.cache.stats.snapshot()
    for category, reads in ((Category.USER_DATA, 2), (Category.GUILD_DATA, 1)):
        assert after[category].loads == before[category].loads
        assert after[category].hits - before[category].hits >= reads


def test_hot_keys_can_be_asked_for_like_a_category(services: Services) -> None:
    available = warmers.of(services)
    assert warm.chosen("hot_keys, game_data", available) == ["hot_keys", "game_data"]
    assert "hot_keys" in warm.chosen("all", available)
    with pytest.raises(UserError, match="session fills itself as members use it"):
        warm.chosen("session", available)
    with pytest.raises(UserError, match=r"There is no category 'keys': use league_data, .* or all"):
        warm.chosen("keys", available)


def test_warming_without_a_server_warms_nothing(
    services: Services, fresh_valkey_cache: ValkeyServer
) -> None:
    services.cache_client.connection_pool.connection_kwargs["port"] = fresh_valkey_cache.port
    fresh_valkey_cache.kill()
    assert hot_keys.warm(services) == 0
