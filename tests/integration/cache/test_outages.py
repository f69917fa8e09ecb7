from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator

import pytest

from dbsbm.cache import MISS, Cache, Category, Key, connect, open_cache
from tests.integration.cache.looks import calls
from tests.integration.cache.test_failures import demand_a_login, fill, make_replica
from tests.integration.cache.watching import hasty, is_believed, wait_for_channel, watching
from tests.servers import ValkeyServer, wait_until

GAME, BIG = Category.GAME_DATA, Category.API_RESPONSE
KEY, OTHER = Key.of(BIG, 1), Key.of(BIG, 2)


@pytest.fixture
def cache(fresh_valkey_cache: ValkeyServer) -> Iterator[Cache]:
    """A cache as hasty as in production, with a value on the server and no copy of it."""
    with hasty(fresh_valkey_cache) as cache:
        wait_until(lambda: cache.set(KEY, "old") and cache.get(KEY) == "old")
        yield cache


def is_out(cache: Cache) -> bool:
    return cache._core.gate.link.is_open


def test_callers_wait_for_a_hanging_server_once_and_the_channel_finds_it_back(
    cache: Cache, fresh_valkey_cache: ValkeyServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    fresh_valkey_cache.freeze()
    wait_until(lambda: cache.get(KEY) is MISS)
    before = cache.stats.snapshot()[BIG]
    for number in range(5000):
        assert cache.get(KEY) is MISS
        assert not cache.set(OTHER, number)
        assert cache.get_or_load(OTHER, lambda number=number: number) == number
    counted = cache.stats.snapshot()[BIG] - before
    assert (counted.hits, counted.sets, counted.loads) == (0, 0, 5000)
    assert counted.errors >= 3 * 5000
    fresh_valkey_cache.thaw()
    wait_for_channel(cache)
    assert cache.get(KEY) == "old"
    actions = [vars(line).get("action") for line in caplog.records]
    assert "cache.opened_breaker" in actions
    assert "cache.closed_breaker" in actions


def test_a_server_that_hangs_is_found_out_without_a_caller(
    cache: Cache, fresh_valkey_cache: ValkeyServer
) -> None:
    fresh_valkey_cache.freeze()
    wait_until(lambda: is_out(cache))
    fresh_valkey_cache.thaw()
    wait_until(lambda: not is_out(cache))


def test_callers_do_not_probe(cache: Cache, fresh_valkey_cache: ValkeyServer) -> None:
    fresh_valkey_cache.kill()
    wait_until(lambda: is_out(cache))
    admitted = [cache._core.gate.link.admits() for _ in range(100)]
    assert not any(admitted)


@pytest.mark.parametrize("break_it", [ValkeyServer.kill, ValkeyServer.freeze])
@pytest.mark.parametrize("what", ["key", "category"])
def test_what_changed_during_an_outage_is_told_before_anything_is_believed(
    cache: Cache, fresh_valkey_cache: ValkeyServer, break_it: object, what: str
) -> None:
    assert callable(break_it)
    # What is kept over a restart can be outdated after it.
    fresh_valkey_cache.client().config_set("save", "3600 1")
    fresh_valkey_cache.client().save()
    break_it(fresh_valkey_cache)
    wait_until(lambda: is_out(cache))
    if what == "key":
        assert not cache.invalidate(KEY)
    else:
        assert not cache.invalidate_category(BIG)
    fresh_valkey_cache.thaw()
    if not fresh_valkey_cache.running:
        fresh_valkey_cache.start()
    wait_until(lambda: not is_out(cache))
    assert not cache._core.debts
    assert not fresh_valkey_cache.client().exists(KEY.wire)
    assert cache.stats.snapshot()[BIG].invalidations == 1


def test_another_process_does_not_read_what_changed_during_an_outage(
    cache: Cache, fresh_valkey_cache: ValkeyServer
) -> None:
    """It finds the server back first, and leaves the writer the time to tell what changed."""
    with hasty(fresh_valkey_cache) as reader:
        wait_until(lambda: reader.get(KEY) == "old")
        fresh_valkey_cache.freeze()
        wait_until(lambda: is_out(cache) and is_out(reader))
        assert not cache.invalidate(KEY)
        seen: set[object] = set()
        fresh_valkey_cache.thaw()
        wait_until(lambda: seen.add(reader.get(KEY)) or is_believed(reader), interval=0.001)
        assert seen == {MISS}
        assert reader.get(KEY) is MISS


def test_who_waits_for_a_load_elsewhere_goes_on_alone_when_the_server_is_lost(
    cache: Cache, fresh_valkey_cache: ValkeyServer
) -> None:
    begun, may_end = threading.Event(), threading.Event()
    with hasty(fresh_valkey_cache) as holder:

        def load() -> str:
            begun.set()
            assert may_end.wait(30)
            return "by the holder"

        thread = threading.Thread(target=holder.get_or_load, args=(OTHER, load))
        thread.start()
        assert begun.wait(30)
        freezer = threading.Thread(target=freeze_once_waiting, args=(cache, fresh_valkey_cache))
        freezer.start()
        assert cache.get_or_load(OTHER, lambda: "alone") == "alone"
        freezer.join()
        fresh_valkey_cache.thaw()
        may_end.set()
        thread.join(30)


def freeze_once_waiting(cache: Cache, server: ValkeyServer) -> None:
    wait_until(lambda: cache._core.bells._waiting, interval=0.001)
    server.freeze()


def test_a_server_that_wants_a_password_is_no_server(
    cache: Cache, fresh_valkey_cache: ValkeyServer, caplog: pytest.LogCaptureFixture
) -> None:
    demand_a_login(fresh_valkey_cache)
    wait_until(lambda: is_out(cache))
    assert cache.get(KEY) is MISS
    assert cache.get_or_load(KEY, lambda: "loaded") == "loaded"
    fresh_valkey_cache.client(password="secret").config_set("requirepass", "")
    wait_for_channel(cache)
    assert cache.get(KEY) == "old"


@pytest.mark.parametrize("refuse", [fill, make_replica])
def test_a_server_that_takes_no_writes_is_read_and_watched(
    cache: Cache, fresh_valkey_cache: ValkeyServer, refuse: object
) -> None:
    assert callable(refuse)
    refuse(fresh_valkey_cache)
    wait_until(lambda: cache.get(KEY) == "old")
    assert not cache.set(OTHER, 1)
    assert cache.get_or_load(OTHER, lambda: "loaded") == "loaded"
    wait_until(lambda: cache.get(KEY) == "old")


def test_a_server_that_is_not_there_yet_is_found_when_it_comes(
    fresh_valkey_cache: ValkeyServer,
) -> None:
    fresh_valkey_cache.kill()
    with open_cache(fresh_valkey_cache.url) as cache:
        assert cache.get(KEY) is MISS
        fresh_valkey_cache.start()
        wait_until(lambda: cache.set(KEY, 1))
        wait_for_channel(cache)
        assert cache.get(KEY) == 1


def test_a_server_that_lost_its_scripts_is_told_them_again(
    fresh_valkey_cache: ValkeyServer,
) -> None:
    with watching(fresh_valkey_cache) as cache:
        for number in range(3):
            fresh_valkey_cache.client().script_flush()
            key = Key.of(GAME, number)
            assert cache.get_or_load(key, lambda: 1, tags=["t:bets"]) == 1
            assert cache.get(key) == 1
        assert calls(fresh_valkey_cache, "eval") == 6
        assert cache.stats.snapshot()[GAME].errors == 0


def test_a_patient_reader_without_a_channel_sees_what_the_hasty_one_wrote(
    cache: Cache, fresh_valkey_cache: ValkeyServer
) -> None:
    with connect(fresh_valkey_cache.url, connect_timeout=30, timeout=30) as client:
        assert Cache(client).get(KEY) == "old"
        wait_until(lambda: cache.invalidate(KEY))
        assert Cache(client).get(KEY) is MISS


class Interrupted(BaseException):
    """What ends a task in the middle, such as its time limit."""


@pytest.mark.parametrize(
    "change",
    [
        lambda cache: cache.invalidate(KEY),
        lambda cache: cache.invalidate_tags("t:bets"),
        lambda cache: cache.invalidate_category(BIG),
    ],
)
def test_an_invalidation_that_is_broken_off_is_made_up_for(
    fresh_valkey_cache: ValkeyServer,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Cache], object],
) -> None:
    with watching(fresh_valkey_cache) as cache:
        cache.get_or_load(KEY, lambda: "old", tags=["t:bets"])

        def interrupt(*_: object, **__: object) -> None:
            raise Interrupted

        with monkeypatch.context() as patch:
            patch.setattr(cache._client, "execute_command", interrupt)
            with pytest.raises(Interrupted):
                change(cache)
        wait_until(lambda: not cache._core.debts)
        assert cache.get(KEY) is MISS
