from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import redis
from pydantic import SecretStr

from dbsbm.cache import MISS, Cache, Category, Key, connect
from tests.integration.cache.clock import Clock, eventually
from tests.integration.cache.looks import calls
from tests.servers import ValkeyServer, free_port

GAME = Category.GAME_DATA
KEY, OTHER = Key.of(GAME, 1), Key.of(GAME, 2)

QUICK = 5.0
"""Seconds in which a hundred failing calls end on the busiest machine. Without a breaker a hundred
time-outs alone take ten."""


@dataclass
class Bench:
    server: ValkeyServer
    client: redis.Redis
    clock: Clock
    cache: Cache


@pytest.fixture
def bench(fresh_valkey_cache: ValkeyServer) -> Iterator[Bench]:
    """A server that may be left in any state, and a cache as hasty as in production."""
    with connect(fresh_valkey_cache.url) as client:
        clock = Clock()
        cache = Cache(client, clock=clock)
        # On a busy machine even a first connection may take longer than a hasty client waits.
        eventually(clock, lambda: cache.set(KEY, "stored"))
        yield Bench(fresh_valkey_cache, client, clock, cache)


def kill(server: ValkeyServer) -> None:
    server.kill()


def freeze(server: ValkeyServer) -> None:
    server.freeze()


def demand_a_login(server: ValkeyServer) -> None:
    client = server.client()
    client.config_set("requirepass", "secret")
    client.client_kill_filter(skipme=True)


@pytest.mark.parametrize("break_it", [kill, freeze, demand_a_login])
def test_without_the_server_every_call_is_answered_fast_and_counted(
    bench: Bench, break_it: Callable[[ValkeyServer], None], caplog: pytest.LogCaptureFixture
) -> None:
    break_it(bench.server)
    before = bench.cache.stats.snapshot()[GAME]
    began = time.monotonic()
    for number in range(20):
        assert bench.cache.get(KEY) is MISS
        assert bench.cache.get_many([KEY, OTHER]) == {}
        assert not bench.cache.set(KEY, number)
        assert bench.cache.set_many({KEY: 1, OTHER: 2}) == 0
        assert bench.cache.get_or_load(KEY, lambda number=number: number) == number
    assert time.monotonic() - began < QUICK
    counted = bench.cache.stats.snapshot()[GAME] - before
    assert (counted.hits, counted.sets, counted.invalidations) == (0, 0, 0)
    assert (counted.misses, counted.loads) == (20 * 4, 20)
    assert counted.drops == 20 * 4
    # Every call is an error, and a load makes two: reading, and asking for the lease.
    assert counted.errors == 20 * 6
    [line] = [line for line in caplog.records if line.levelno >= logging.WARNING]
    assert vars(line)["action"] == "cache.opened_breaker"


def test_after_a_pause_one_call_finds_that_the_server_is_back(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    bench.server.kill()
    assert bench.cache.get(KEY) is MISS
    bench.server.start()
    assert not bench.cache.set(KEY, "before the pause is over")
    bench.clock.pass_pause()
    eventually(bench.clock, lambda: bench.cache.set(KEY, "back"))
    assert bench.cache.get(KEY) == "back"
    actions = [vars(line).get("action") for line in caplog.records]
    assert actions[0] == "cache.opened_breaker"
    assert actions[-1] == "cache.closed_breaker"


def test_a_password_that_becomes_right_lets_the_cache_in(bench: Bench) -> None:
    demand_a_login(bench.server)
    assert bench.cache.get(KEY) is MISS
    with connect(bench.server.url, SecretStr("secret"), connect_timeout=30, timeout=30) as client:
        assert Cache(client).get(KEY) == "stored"


def test_a_wrong_password_is_logged_without_the_password(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    demand_a_login(bench.server)
    with connect(bench.server.url, SecretStr("swordfish"), timeout=30) as client:
        assert Cache(client).get(KEY) is MISS
    assert "password" in caplog.text
    assert "swordfish" not in caplog.text


def fill(server: ValkeyServer) -> None:
    server.client().config_set("maxmemory-policy", "noeviction")
    server.client().config_set("maxmemory", 1)


def make_replica(server: ValkeyServer) -> None:
    """A replica whose primary is away serves what it has, and takes no writes."""
    server.client().replicaof("127.0.0.1", free_port())


@pytest.fixture
def refusing(bench: Bench, request: pytest.FixtureRequest) -> Bench:
    request.param(bench.server)
    return bench


refused_writes = pytest.mark.parametrize("refusing", [fill, make_replica], indirect=True)


@refused_writes
def test_a_server_that_takes_no_writes_is_still_read(
    refusing: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    cache = refusing.cache
    before = cache.stats.snapshot()[GAME]
    for number in range(10):
        eventually(refusing.clock, lambda: cache.get(KEY) == "stored")
        assert not cache.set(OTHER, number)
        assert cache.set_many({OTHER: number}) == 0
        assert cache.get_or_load(OTHER, lambda number=number: number) == number
    counted = cache.stats.snapshot()[GAME] - before
    assert counted.hits >= 10
    assert (counted.sets, counted.drops, counted.loads) == (0, 30, 10)
    opened = [line for line in caplog.records if "for writing" in line.getMessage()]
    assert [vars(line)["action"] for line in opened] == ["cache.opened_breaker"]


@refused_writes
def test_writes_that_are_refused_are_not_sent_again_before_the_pause_is_over(
    refusing: Bench,
) -> None:
    for number in range(50):
        refusing.cache.set(OTHER, number)
    assert rejected(refusing.server) <= 2


def rejected(server: ValkeyServer) -> int:
    stats = server.client().info("commandstats").get("cmdstat_set", {})
    return int(stats.get("rejected_calls", 0)) + int(stats.get("failed_calls", 0))


def test_a_full_server_still_forgets_what_is_invalidated(bench: Bench) -> None:
    fill(bench.server)
    assert not bench.cache.set(OTHER, 1)
    eventually(bench.clock, lambda: bench.cache.invalidate(KEY))
    assert not bench.server.client().exists(KEY.wire)


@pytest.mark.parametrize("whole_category", [False, True])
def test_an_invalidation_that_could_not_be_sent_is_made_up_for_before_the_next_read(
    bench: Bench, whole_category: bool
) -> None:
    """The value survives the outage on the server, and is never believed again."""
    bench.client.connection_pool.disconnect()  # nothing can be sent that is read after the thaw
    bench.server.freeze()
    if whole_category:
        assert not bench.cache.invalidate_category(GAME)
    else:
        assert not bench.cache.invalidate(KEY)
    bench.server.thaw()
    assert bench.server.client().exists(KEY.wire)
    eventually(bench.clock, lambda: bench.cache.set(OTHER, 1))
    assert not bench.server.client().exists(KEY.wire)
    assert bench.cache.stats.snapshot()[GAME].invalidations == 1


def test_on_a_replica_what_should_be_gone_is_not_read(bench: Bench) -> None:
    make_replica(bench.server)
    eventually(bench.clock, lambda: bench.cache.get(KEY) == "stored")
    assert not bench.cache.invalidate(KEY)
    assert bench.cache.get(KEY) is MISS
    assert bench.cache.get_or_load(KEY, lambda: "loaded") == "loaded"
    bench.server.client().replicaof("NO", "ONE")
    eventually(bench.clock, lambda: bench.cache.set(KEY, "new"))
    assert bench.cache.get(KEY) == "new"


def test_a_connection_that_the_server_closed_is_replaced_unnoticed(bench: Bench) -> None:
    errors = bench.cache.stats.snapshot()[GAME].errors
    before = calls(bench.server, "hello")
    bench.server.client().client_kill_filter(skipme=True)
    eventually(bench.clock, lambda: bench.cache.get(KEY) == "stored")
    assert calls(bench.server, "hello") > before
    assert bench.cache.stats.snapshot()[GAME].errors == errors
