from __future__ import annotations

import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis

from dbsbm.cache import Cache, Category, Key, StatsFlusher, connect, read_totals
from dbsbm.cache.opening import open_cache
from dbsbm.cache.operating.totals import (
    FORGOTTEN_SECONDS,
    MOST_PROCESSES,
    PROCESSES_KEY,
    SEEN_KEY,
    TOLD_SECONDS,
    TOTALS_KEY,
    read_processes,
)
from dbsbm.cache.stats import Counters, Stats
from dbsbm.errors import TransientError
from tests.integration.cache.looks import calls
from tests.servers import ValkeyServer, free_port, wait_until

GAME, TEAM = Category.GAME_DATA, Category.TEAM_DATA


def test_threads_are_counted_exactly(cache: Cache, threads: ThreadPoolExecutor) -> None:
    def work(thread: int) -> None:
        for number in range(50):
            key = Key.of(GAME, thread, number)
            cache.get(key)
            cache.set(key, number)
            cache.get(key)
            cache.get_or_load(key, lambda: 1 // 0)
            cache.get_or_load(Key.of(TEAM, thread, number), lambda: 1)
            cache.invalidate(key)

    list(threads.map(work, range(16)))
    counted = cache.stats.snapshot()
    size = counted[GAME].bytes_written
    assert counted[GAME] == Counters(
        hits=1600, misses=800, sets=800, invalidations=800, bytes_written=size, bytes_read=2 * size
    )
    team = counted[TEAM]
    assert (team.misses, team.loads, team.sets, team.hits) == (800, 800, 800, 0)


def test_reads_of_both_levels_are_counted_exactly(
    client: redis.Redis, valkey_cache: ValkeyServer, threads: ThreadPoolExecutor
) -> None:
    with open_cache(valkey_cache.url, connect_timeout=30, timeout=30) as cache:
        keys = [Key.of(GAME, number) for number in range(20)]
        assert cache.set_many(dict.fromkeys(keys, "x")) == 20
        wait_until(lambda: cache.get(keys[0]) == "x" and cache.gauges()["copies"] > 0)
        before = cache.stats.snapshot()[GAME]

        def work(_: int) -> int:
            return sum(cache.get(keys[turn % 20]) == "x" for turn in range(1000))

        assert sum(threads.map(work, range(8))) == 8000
        counted = cache.stats.snapshot()[GAME] - before
        assert (counted.hits, counted.misses) == (8000, 0)
        assert 0 < counted.local_hits <= 8000
        assert 0 < counted.local_bytes <= counted.bytes_read
        flusher = StatsFlusher(cache.stats, client, gauges=cache.gauges)
        assert flusher.flush()
        assert read_totals(client)[GAME] == cache.stats.snapshot()[GAME]
        [process] = read_processes(client)
        assert process.counts[GAME] == cache.stats.snapshot()[GAME]
        assert process.gauges["copies"] == 20


WORK = """
import sys
from dbsbm.cache import Cache, Category, Key, StatsFlusher, connect
process = int(sys.argv[2])
with connect(sys.argv[1], connect_timeout=30, timeout=30) as client:
    cache = Cache(client)
    flusher = StatsFlusher(cache.stats, client)
    for number in range(100):
        key = Key.of(Category.GAME_DATA, process, number)
        cache.get(key)
        cache.get_or_load(key, lambda: number)
        cache.get(key)
        if number % 7 == process:
            assert flusher.flush()
    cache.get(Key.of(Category.TEAM_DATA, 1))
    assert flusher.flush()
    assert flusher.flush()
"""


def test_four_processes_add_up_exactly(client: redis.Redis, valkey_cache: ValkeyServer) -> None:
    running = [
        subprocess.Popen([sys.executable, "-c", WORK, valkey_cache.url, str(number)])
        for number in range(4)
    ]
    assert [process.wait(60) for process in running] == [0] * 4
    totals = read_totals(client)
    game = totals[GAME]
    assert (game.hits, game.misses, game.loads, game.sets) == (400, 800, 400, 400)
    assert (game.errors, game.drops) == (0, 0)
    assert game.bytes_read == game.bytes_written > 0
    assert game.load_ns > 0
    assert totals[TEAM] == Counters(misses=4)
    assert totals[Category.SESSION] == Counters()


def test_a_flush_whose_answer_was_lost_counts_once(
    cache: Cache, client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    flusher = StatsFlusher(cache.stats, client)
    send = flusher._add_batch

    def send_and_lose_the_answer(*args: Any, **kwargs: Any) -> None:
        send(*args, **kwargs)
        raise redis.TimeoutError("lost")

    cache.get(Key.of(GAME, 1))
    monkeypatch.setattr(flusher, "_add_batch", send_and_lose_the_answer)
    assert not flusher.flush()
    monkeypatch.undo()
    cache.get(Key.of(GAME, 1))
    assert flusher.flush()
    assert read_totals(client)[GAME].misses == 1
    assert flusher.flush()
    assert read_totals(client)[GAME].misses == 2


def test_counts_wait_for_the_server(fresh_valkey_cache: ValkeyServer) -> None:
    with connect(fresh_valkey_cache.url) as client:
        cache = Cache(None)
        flusher = StatsFlusher(cache.stats, client)
        cache.get(Key.of(GAME, 1))
        fresh_valkey_cache.kill()
        assert not flusher.flush()
        cache.get(Key.of(GAME, 1))
        fresh_valkey_cache.start()
        wait_until(flusher.flush)
        wait_until(lambda: flusher.flush() and not cache.stats.drain())
    with connect(fresh_valkey_cache.url, connect_timeout=30, timeout=30) as client:
        assert read_totals(client)[GAME] == Counters(misses=2)


def test_totals_of_an_empty_server_are_zero(client: redis.Redis) -> None:
    assert read_totals(client) == {category: Counters() for category in Category}


def test_a_flush_of_nothing_adds_nothing_and_says_at_times_that_the_process_lives(
    cache: Cache, client: redis.Redis, valkey_cache: ValkeyServer
) -> None:
    now = 0.0
    flusher = StatsFlusher(cache.stats, client, clock=lambda: now)
    assert flusher.flush()
    assert [process.name for process in read_processes(client)] == [name_of_this_process()]
    client.delete(PROCESSES_KEY, SEEN_KEY)
    valkey_cache.client().config_resetstat()
    assert flusher.flush()
    assert calls(valkey_cache, "evalsha") == 0
    now += TOLD_SECONDS
    assert flusher.flush()
    assert len(read_processes(client)) == 1
    assert not client.exists(TOTALS_KEY)


def test_each_living_process_is_listed_with_what_it_counted_and_told(
    cache: Cache, client: redis.Redis
) -> None:
    full = {"entries": 3}
    first = StatsFlusher(cache.stats, client, gauges=lambda: full)
    second = StatsFlusher(Stats(), client)
    cache.get(Key.of(GAME, 1))
    assert first.flush()
    assert second.flush()
    cache.get(Key.of(TEAM, 1))
    full["entries"] = 4
    assert first.flush()
    idle, busy = sorted(read_processes(client), key=lambda process: len(process.gauges))
    assert (idle.counts[GAME], idle.gauges) == (Counters(), {})
    assert (busy.counts[GAME], busy.counts[TEAM]) == (Counters(misses=1), Counters(misses=1))
    assert busy.gauges == {"entries": 4}
    assert idle.name == busy.name == name_of_this_process()


def test_a_process_that_fell_silent_is_forgotten_and_its_counts_stay(
    cache: Cache, client: redis.Redis
) -> None:
    cache.get(Key.of(GAME, 1))
    assert StatsFlusher(cache.stats, client).flush()
    [(name, seen)] = client.zrange(SEEN_KEY, 0, -1, withscores=True)
    client.zadd(SEEN_KEY, {name: seen - FORGOTTEN_SECONDS})
    assert read_processes(client) == []
    assert StatsFlusher(Stats(), client).flush()
    assert client.hlen(PROCESSES_KEY) == client.zcard(SEEN_KEY) == 1
    assert read_totals(client)[GAME].misses == 1


def test_more_processes_than_a_list_holds_push_out_those_that_were_silent_longest(
    client: redis.Redis,
) -> None:
    now = int(client.time()[0])
    crowd = {f"host:{number}:x": now - 60 + number / 100 for number in range(MOST_PROCESSES)}
    client.zadd(SEEN_KEY, crowd)
    client.hset(PROCESSES_KEY, mapping=dict.fromkeys(crowd, '{"counts": {}, "gauges": {}}'))
    assert StatsFlusher(Stats(), client).flush()
    names = {process.name for process in read_processes(client)}
    assert len(names) == MOST_PROCESSES
    assert "host:0" not in names
    assert name_of_this_process() in names


def name_of_this_process() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def test_totals_of_a_server_that_is_away_are_a_transient_error() -> None:
    with connect(f"redis://127.0.0.1:{free_port()}") as client, pytest.raises(TransientError):
        read_totals(client)
