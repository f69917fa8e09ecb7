from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from dbsbm.cache import Cache, Category, Key
from tests.integration.cache.crew import Mate
from tests.integration.cache.looks import calls
from tests.integration.cache.watching import watching
from tests.servers import ValkeyServer, wait_until

GAME = Category.GAME_DATA
KEY = Key.of(GAME, "shared")
PROCESSES, CALLERS = 4, 50

STAMPEDE = f"""
loads = []
def load():
    loads.append(1)
    time.sleep(0.2)
    return {{"score": 21}}

with ThreadPoolExecutor({CALLERS}) as pool:
    together = threading.Barrier({CALLERS})
    list(pool.map(lambda _: together.wait(), range({CALLERS})))
    tell("ready")
    listen()
    values = list(pool.map(lambda _: cache.get_or_load(KEY, load), range({CALLERS})))
assert values == [{{"score": 21}}] * {CALLERS}, values
tell(len(loads))
listen()
"""

HOLD = """
def load():
    tell("loading")
    listen()
    return "by the holder"
cache.get_or_load(KEY, load)
tell("done")
listen()
"""


@pytest.fixture
def watched(fresh_valkey_cache: ValkeyServer) -> Iterator[Cache]:
    with watching(fresh_valkey_cache) as cache:
        yield cache


def commands(server: ValkeyServer) -> int:
    """How many commands ran since the statistics were reset, but for the proofs of life."""
    stats = server.client().info("commandstats")
    quiet = {"cmdstat_info", "cmdstat_config|resetstat", "cmdstat_time", "cmdstat_hello"}
    return sum(int(stats[name]["calls"]) for name in stats if name not in quiet)


def test_a_cold_stampede_of_many_processes_is_one_load_and_few_commands(
    fresh_valkey_cache: ValkeyServer,
) -> None:
    with ExitStack() as stack:
        url = fresh_valkey_cache.url
        mates = [stack.enter_context(Mate(url, STAMPEDE)) for _ in range(PROCESSES)]
        assert [mate.hear() for mate in mates] == ["ready"] * PROCESSES
        fresh_valkey_cache.client().config_resetstat()
        for mate in mates:
            mate.say()
        assert sum(int(mate.hear()) for mate in mates) == 1
        # Without a queue for the processors it is at most 20, and 8 proofs of life.
        assert commands(fresh_valkey_cache) <= 30


def test_a_holder_that_is_killed_is_replaced_when_its_lease_ends(
    watched: Cache, fresh_valkey_cache: ValkeyServer, threads: ThreadPoolExecutor
) -> None:
    with Mate(fresh_valkey_cache.url, HOLD) as holder:
        assert holder.hear() == "loading"
        fresh_valkey_cache.client().config_resetstat()
        waiters = [
            threads.submit(watched.get_or_load, KEY, lambda: "by another") for _ in range(10)
        ]
        wait_until(lambda: watched._core.bells._waiting)
        # It stands for longer than a lease does: the holder renews it.
        ends_at = fresh_valkey_cache.client().pexpiretime(KEY.wire)
        wait_until(lambda: fresh_valkey_cache.client().pexpiretime(KEY.wire) > ends_at)
        holder.kill()
        assert [waiter.result(30) for waiter in waiters] == ["by another"] * 10
        assert watched.stats.snapshot()[GAME].loads == 1
        assert calls(fresh_valkey_cache, "set") < 30


def test_who_waits_for_another_process_gets_its_value(
    watched: Cache, fresh_valkey_cache: ValkeyServer, threads: ThreadPoolExecutor
) -> None:
    with Mate(fresh_valkey_cache.url, HOLD) as holder:
        assert holder.hear() == "loading"
        waiter = threads.submit(watched.get_or_load, KEY, lambda: "by another")
        wait_until(lambda: watched._core.bells._waiting)
        holder.say()
        assert waiter.result(30) == "by the holder"
        counted = watched.stats.snapshot()[GAME]
        assert (counted.loads, counted.misses, counted.waits, counted.hits) == (0, 1, 1, 0)


def test_a_holder_that_fails_lets_the_next_one_in_at_once(
    watched: Cache, fresh_valkey_cache: ValkeyServer, threads: ThreadPoolExecutor
) -> None:
    failing = HOLD.replace('return "by the holder"', "raise OSError").replace(
        "cache.get_or_load(KEY, load)", "\ntry: cache.get_or_load(KEY, load)\nexcept OSError: pass"
    )
    with Mate(fresh_valkey_cache.url, failing) as holder:
        assert holder.hear() == "loading"
        waiter = threads.submit(watched.get_or_load, KEY, lambda: "by another")
        wait_until(lambda: watched._core.bells._waiting)
        holder.say()
        assert waiter.result(30) == "by another"


def test_without_a_channel_others_are_waited_for_as_well(
    cache: Cache, valkey_cache: ValkeyServer, threads: ThreadPoolExecutor
) -> None:
    with Mate(valkey_cache.url, HOLD) as holder:
        assert holder.hear() == "loading"
        waiter = threads.submit(cache.get_or_load, KEY, lambda: "by another")
        wait_until(lambda: cache._core.bells._waiting)
        holder.say()
        assert waiter.result(30) == "by the holder"


def test_while_its_holder_is_paused_a_lease_lapses_and_the_holder_stores_nothing(
    watched: Cache, fresh_valkey_cache: ValkeyServer
) -> None:
    """A process that was stopped and goes on is told that it is too late."""
    with Mate(fresh_valkey_cache.url, HOLD) as holder:
        assert holder.hear() == "loading"
        os.kill(holder.process.pid, signal.SIGSTOP)
        assert watched.get_or_load(KEY, lambda: "by another") == "by another"
        os.kill(holder.process.pid, signal.SIGCONT)
        holder.say()
        assert holder.hear() == "done"
        assert watched.get(KEY) == "by another"


FORK = """
cache.set(KEY, "old")
wait_until(lambda: cache.get(KEY) and cache.copy_of(KEY.wire))
child = os.fork()
if child:
    assert os.waitpid(child, 0)[1] == 0
    wait_until(lambda: cache.get(KEY) == "newer")
    assert cache.gauges()["channel"] == "alive"
    tell("the parent goes on")
    listen()
else:
    try:
        assert cache.gauges() == {"copies": 0, "copy_bytes": 0, "channel": "none"}
        assert cache.copy_of(KEY.wire) is None
        assert cache.stats.snapshot()[KEY.category].sets == 0
        wait_until(lambda: cache.get(KEY) and cache.copy_of(KEY.wire))
        tell("the child has a copy")
        listen()
        wait_until(lambda: cache.get(KEY) == "new")
        cache.set(KEY, "newer")
        cache.close()
    except BaseException as error:
        tell(repr(error))
        os._exit(1)
    os._exit(0)
"""


def test_a_forked_child_has_copies_and_a_channel_of_its_own(
    watched: Cache, fresh_valkey_cache: ValkeyServer
) -> None:
    with Mate(fresh_valkey_cache.url, FORK) as family:
        assert family.hear() == "the child has a copy"
        watched.set(KEY, "new")
        family.say()
        assert family.hear() == "the parent goes on"


FORK_BUSY = """
over = threading.Event()

def work(number):
    while not over.is_set():
        key = Key.of(Category.GAME_DATA, number)
        cache.get_or_load(key, lambda: number)
        cache.get(key)
        cache.invalidate(key)

workers = [threading.Thread(target=work, args=(number,)) for number in range(4)]
for worker in workers:
    worker.start()
children = []
for _ in range(10):
    child = os.fork()
    if not child:
        signal.alarm(30)
        try:
            for number in range(20):
                key = Key.of(Category.GAME_DATA, os.getpid(), number)
                assert cache.get_or_load(key, lambda: number) == number
                assert cache.get(key) == number
            cache.close()
        except BaseException as error:
            tell(repr(error))
            os._exit(1)
        os._exit(0)
    children.append(child)
statuses = {os.waitpid(child, 0)[1] for child in children}
over.set()
for worker in workers:
    worker.join()
tell(statuses, cache.get_or_load(KEY, lambda: "alive"))
listen()
"""


def test_children_that_are_forked_amid_the_work_of_threads_inherit_no_lock_of_theirs(
    fresh_valkey_cache: ValkeyServer,
) -> None:
    with Mate(fresh_valkey_cache.url, FORK_BUSY) as family:
        assert family.hear() == "{0} alive"
