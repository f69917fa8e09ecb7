from __future__ import annotations

from dataclasses import dataclass

import pytest
import redis

from dbsbm.cache.categories import Category
from dbsbm.cache.keys import Key
from dbsbm.cache.operating.hotlog import (
    ADD_SECONDS,
    MOST_KEYS,
    SLOT_SECONDS,
    SLOTS,
    Hot,
    HotLogger,
    faded,
    read_hot,
)
from dbsbm.cache.server.connection import connect
from dbsbm.cache.stats import Stats
from dbsbm.errors import TransientError
from tests.servers import ValkeyServer, free_port, wait_until

GAME = Category.GAME_DATA


@dataclass
class Share:
    wire: str
    share: float


@pytest.fixture(autouse=True)
def _within_a_slot(client: redis.Redis) -> None:
    """Begin no test in the last seconds of a slot, which would tear its reads in two."""
    wait_until(lambda: int(client.time()[0]) % SLOT_SECONDS < SLOT_SECONDS - 15, 30)


class Shares(list[Share]):
    """The hot keys of a process, as told."""

    def top(self, n: int) -> list[Share]:
        return self[:n]


class Process:
    """A process that logs its hot keys."""

    def __init__(self, client: redis.Redis, **shares: float) -> None:
        self.now = 0.0
        self.stats = Stats()
        self.shares = Shares(Share(wire_of(name), share) for name, share in shares.items())
        self.logger = HotLogger(self.shares, self.stats, client, lambda: self.now)

    def log(self, reads: int) -> bool:
        self.stats.local_hits(GAME, reads, 0)
        self.now += ADD_SECONDS
        return self.logger.flush()


def wire_of(name: str) -> str:
    return Key.of(GAME, name).wire


def test_the_reads_of_all_processes_are_added_up(client: redis.Redis) -> None:
    busy, idle = Process(client, a=0.5, b=0.25), Process(client, c=1.0)
    assert busy.log(1000)
    assert idle.log(100)
    assert busy.log(1000)
    assert read_hot(client, 2) == [
        Hot(wire_of("a"), 1000.0, pytest.approx(1000 / 2100)),
        Hot(wire_of("b"), 500.0, pytest.approx(500 / 2100)),
    ]
    assert read_hot(client, 9)[2] == Hot(wire_of("c"), 100.0, pytest.approx(100 / 2100))
    assert read_hot(client, 9)[0].category is GAME


def test_what_cannot_be_logged_now_is_logged_with_what_comes_next(client: redis.Redis) -> None:
    process = Process(client, a=1.0)
    client.config_set("maxmemory-policy", "noeviction")
    client.config_set("maxmemory", "1mb")
    assert not process.log(10)
    client.config_set("maxmemory", "64mb")
    assert process.log(20)
    assert read_hot(client, 1)[0].reads == 30


def test_the_log_is_written_every_two_seconds_and_not_where_nothing_was_read(
    client: redis.Redis,
) -> None:
    process = Process(client, a=1.0)
    process.log(10)
    process.stats.local_hits(GAME, 10, 0)
    process.now += ADD_SECONDS - 0.1
    assert process.logger.flush()
    assert read_hot(client, 1)[0].reads == 10
    process.log(0)
    assert read_hot(client, 1)[0].reads == 20
    client.flushall()
    assert process.log(0)
    assert client.dbsize() == 0


def test_the_log_is_bounded_and_ends_by_itself(client: redis.Redis) -> None:
    process = Process(client)
    for batch in range(13):
        process.shares[:] = [Share(wire_of(f"{batch}:{n}"), 0.01) for n in range(100)]
        process.log(1000 * (batch + 1))
    slot = next(name for name in client.scan_iter("dbsbm:hot:*") if not name.endswith(b"reads"))
    assert client.zcard(slot) == MOST_KEYS
    assert {hot.wire.split(":")[3][:4] for hot in read_hot(client, 100)} == {"12%3"}
    for name in client.scan_iter("dbsbm:hot:*"):
        assert 0 < client.ttl(name) <= SLOT_SECONDS * (SLOTS + 1)


def test_a_slot_weighs_less_than_the_one_after_it_and_falls_out_of_the_log(
    client: redis.Redis,
) -> None:
    now = int(client.time()[0]) // SLOT_SECONDS
    for age, name in enumerate(["new", "older", "oldest"]):
        client.zadd(f"dbsbm:hot:{now - age}", {wire_of(name): 100})
        client.set(f"dbsbm:hot:{now - age}:reads", 100)
    client.zadd(f"dbsbm:hot:{now - SLOTS - 1}", {wire_of("gone"): 10_000})
    assert [hot.wire for hot in read_hot(client, 9)] == [
        wire_of(name) for name in ("new", "older", "oldest")
    ]
    assert [hot.wire for hot in read_hot(client, 9, slots=1)] == [wire_of("new")]
    assert read_hot(client, 9, slots=1)[0].share == 1.0


def test_a_kept_copy_fades_and_fills_in_what_the_log_lost() -> None:
    older = [Hot("a", 100, 0.5), Hot("b", 80, 0.4)]
    newer = [Hot("c", 80, 0.9), Hot("b", 10, 0.1)]
    assert faded(older, newer, 9) == [Hot("c", 80, 0.9), Hot("a", 70, 0.0), Hot("b", 56, 0.1)]
    assert faded(older, newer, 1) == [Hot("c", 80, 0.9)]


def test_the_log_lies_where_writing_it_tells_no_process(
    client: redis.Redis, valkey_cache: ValkeyServer
) -> None:
    Process(client, a=1.0).log(10)
    assert not [name for name in client.scan_iter() if name.startswith(b"dbsbm:v")]


def test_a_log_that_cannot_be_read_is_a_transient_error() -> None:
    with connect(f"redis://127.0.0.1:{free_port()}") as client, pytest.raises(TransientError):
        read_hot(client, 1)
