from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest

from dbsbm.cache import (
    MISS,
    AsyncCache,
    Cache,
    Category,
    Key,
    LoadTimeout,
    RecursiveLoad,
    open_async_cache,
)
from dbsbm.cache.marks import LEASE
from dbsbm.cache.server.connection import TIMEOUT
from tests.integration.cache.looks import calls
from tests.servers import ValkeyServer, wait_until_async

GAME = Category.GAME_DATA
KEY, OTHER = Key.of(GAME, 1), Key.of(GAME, 2)
BETS = "t:bets"


async def opened(server: ValkeyServer, patience: float = 30) -> AsyncCache:
    cache = open_async_cache(server.url, connect_timeout=30, timeout=patience, deadline=30)
    await cache.get(Key.of(Category.SESSION, "is it there?"))
    await wait_until_async(lambda: cache.gauges()["channel"] == "alive")
    return cache


@pytest.fixture
async def watched(fresh_valkey_cache: ValkeyServer) -> AsyncIterator[AsyncCache]:
    async with await opened(fresh_valkey_cache) as cache:
        yield cache


@pytest.fixture
def server(fresh_valkey_cache: ValkeyServer) -> ValkeyServer:
    return fresh_valkey_cache


class Load:
    """A loader that waits until it is told what to return, or raise."""

    def __init__(self) -> None:
        self.calls = 0
        self.begun = asyncio.Event()
        self.result: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def __call__(self) -> Any:
        self.calls += 1
        self.begun.set()
        return await asyncio.shield(self.result)


async def one() -> int:
    return 1


async def wait_for_copy(cache: AsyncCache, key: Key) -> None:
    async def read() -> bool:
        await cache.get(key)
        return cache.copy_of(key.wire) is not None

    await wait_until_async(read)


async def test_copies_serve_without_asking_and_go_with_a_change(
    watched: AsyncCache, server: ValkeyServer
) -> None:
    assert await watched.set_many({KEY: {"score": 21}, OTHER: 2}) == 2
    await wait_for_copy(watched, KEY)
    before = calls(server, "get"), calls(server, "mget")
    for _ in range(20):
        assert await watched.get(KEY) == {"score": 21}
        assert await watched.get_many([KEY]) == {KEY: {"score": 21}}
        assert await watched.get_or_load(KEY, one) == {"score": 21}
    assert (calls(server, "get"), calls(server, "mget")) == before
    (await watched.get(KEY)).clear()
    assert await watched.get(KEY) == {"score": 21}
    async with await opened(server) as other:
        await other.invalidate(KEY)
        await wait_until_async(lambda: watched.copy_of(KEY.wire) is None)
        assert await watched.get(KEY) is MISS
        await other.invalidate_category(GAME)
        await wait_until_async(lambda: gone(watched))


async def gone(cache: AsyncCache) -> bool:
    return await cache.get(OTHER) is MISS


async def test_many_coroutines_wait_for_one_load(watched: AsyncCache) -> None:
    load = Load()
    callers = [asyncio.create_task(watched.get_or_load(KEY, load)) for _ in range(50)]
    await load.begun.wait()
    load.result.set_result({"score": 21})
    values = await asyncio.gather(*callers)
    assert values == [{"score": 21}] * 50
    assert len({id(value) for value in values}) == 50
    counted = watched.stats.snapshot()[GAME]
    assert (counted.loads, counted.misses, counted.waits) == (1, 50, 49)


async def test_what_a_loader_raises_goes_to_all_and_nothing_is_stored(
    watched: AsyncCache,
) -> None:
    load = Load()
    callers = [asyncio.create_task(watched.get_or_load(KEY, load)) for _ in range(5)]
    await load.begun.wait()
    load.result.set_exception(ZeroDivisionError())
    results = await asyncio.gather(*callers, return_exceptions=True)
    assert {type(result) for result in results} == {ZeroDivisionError}
    assert await watched.get(KEY) is MISS
    assert await watched.get_or_load(KEY, one) == 1


async def test_a_load_outlives_the_caller_that_is_cancelled(watched: AsyncCache) -> None:
    load = Load()
    first = asyncio.create_task(watched.get_or_load(KEY, load))
    await load.begun.wait()
    second = asyncio.create_task(watched.get_or_load(KEY, load))
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    load.result.set_result("loaded")
    assert await second == "loaded"
    assert load.calls == 1


async def test_a_caller_with_a_deadline_does_not_wait_longer(watched: AsyncCache) -> None:
    load = Load()
    with pytest.raises(LoadTimeout):
        await watched.get_or_load(KEY, load, deadline=timedelta(milliseconds=20))
    load.result.set_result("late")
    await wait_until_async(lambda: reads(watched, "late"))


async def reads(cache: AsyncCache, value: object) -> bool:
    return await cache.get(KEY) == value


async def test_a_loader_that_asks_for_its_own_value_is_told_so(watched: AsyncCache) -> None:
    async def load() -> Any:
        return await watched.get_or_load(KEY, load)

    with pytest.raises(RecursiveLoad):
        await watched.get_or_load(KEY, load)


@pytest.mark.parametrize(
    "change",
    [
        lambda cache: cache.invalidate(KEY),
        lambda cache: cache.invalidate_tags(BETS),
        lambda cache: cache.guard([BETS], for_ms=3_600_000),
    ],
)
async def test_what_was_loaded_before_a_change_is_not_stored_after_it(
    watched: AsyncCache, cache: Cache, change: Callable[[AsyncCache], Any]
) -> None:
    async def load_while_a_writer_commits() -> str:
        assert await change(watched)
        return "old"

    value = await watched.get_or_load(KEY, load_while_a_writer_commits, tags=[BETS])
    assert value == "old"
    assert await watched.get(KEY) is MISS


async def test_guards_hold_until_they_are_released(watched: AsyncCache) -> None:
    token = await watched.guard([BETS], for_ms=3_600_000)
    assert token is not None
    assert await watched.get_or_load(KEY, one, tags=[BETS]) == 1
    assert await watched.get(KEY) is MISS
    assert await watched.release(token, [BETS])
    assert await watched.get_or_load(KEY, one, tags=[BETS]) == 1
    assert await watched.get(KEY) == 1


async def test_a_value_past_its_time_is_served_while_it_is_loaded_anew(
    watched: AsyncCache,
) -> None:
    watched.policies.replace({GAME: {"grace": timedelta(hours=1)}})
    await watched.set(KEY, "old", ttl=timedelta(milliseconds=1))
    await wait_until_async(lambda: reads(watched, MISS))
    load = Load()
    assert await watched.get_or_load(KEY, load) == "old"
    await load.begun.wait()
    load.result.set_result("new")
    await wait_until_async(lambda: reads(watched, "new"))
    assert watched.stats.snapshot()[GAME].refreshes == 1


async def test_coroutine_functions_are_cached(watched: AsyncCache) -> None:
    values = iter(range(10))

    @watched.cached(GAME, tags=[BETS])
    async def number(_: str) -> int:
        return next(values)

    assert [await number("a"), await number("b"), await number("a")] == [0, 1, 0]
    assert await number.invalidate("a")
    assert [await number("a"), await number("b")] == [2, 1]
    assert await number.refresh("a") == 3
    await watched.invalidate_tags(BETS)
    assert [await number("a"), await number("b")] == [4, 5]


async def test_a_hanging_server_holds_nobody_up_and_is_told_later_what_changed(
    server: ValkeyServer,
) -> None:
    async with await opened(server, TIMEOUT) as cache:
        await wait_until_async(lambda: cache.set(KEY, "old"))
        server.freeze()
        await wait_until_async(lambda: cache._core.gate.link.is_open)
        assert not await cache.invalidate(KEY)
        assert await cache.guard([BETS], for_ms=1000) is None
        for _ in range(1000):
            assert await cache.get_or_load(KEY, one) == 1
        server.thaw()
        await wait_until_async(lambda: not cache._core.gate.link.is_open)
        assert not cache._core.debts
        assert not server.client().exists(KEY.wire)


async def test_without_a_channel_what_changed_is_told_before_the_next_read(
    server: ValkeyServer,
) -> None:
    async with open_async_cache(server.url, connect_timeout=30, deadline=30) as watched:
        plain = AsyncCache(watched._client, deadline=30)
        await plain.set(KEY, "old")
        plain._core.debts.owe([KEY])
        assert await plain.get(KEY) is MISS
        assert not server.client().exists(KEY.wire)


async def test_the_loop_stays_free_while_another_process_loads(
    watched: AsyncCache, server: ValkeyServer
) -> None:
    client = server.client()
    client.set(KEY.wire, LEASE + bytes(20), px=600_000)
    waiting = asyncio.create_task(watched.get_or_load(KEY, one))
    await wait_until_async(lambda: watched._core.bells._waiting)
    assert await watched.get_or_load(OTHER, one) == 1
    client.unlink(KEY.wire)
    assert await waiting == 1
