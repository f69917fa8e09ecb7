from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest
import redis

from dbsbm.cache import MISS, AsyncCache, Cache, Category, Key, connect_async
from dbsbm.cache.stats import Counters
from tests.integration.cache.clock import Clock, eventually_async
from tests.integration.cache.looks import calls
from tests.integration.cache.test_failures import demand_a_login, fill, make_replica
from tests.servers import ValkeyServer, free_port

GAME = Category.GAME_DATA
KEY, OTHER = Key.of(GAME, 1), Key.of(GAME, 2)


@asynccontextmanager
async def patient(server: ValkeyServer) -> AsyncIterator[AsyncCache]:
    client = connect_async(server.url, connect_timeout=30)
    async with client:
        yield AsyncCache(client, deadline=30)


async def test_both_caches_share_values(cache: Cache, valkey_cache: ValkeyServer) -> None:
    cache.set(KEY, {"odds": Decimal("1.91")})
    async with patient(valkey_cache) as other:
        assert await other.get(KEY) == {"odds": Decimal("1.91")}
        assert await other.get(OTHER) is MISS
        assert await other.set(OTHER, None)
        assert await other.get(OTHER) is None
        assert other.stats.snapshot()[GAME].hits == 2
    assert cache.get_many([KEY, OTHER]) == {KEY: {"odds": Decimal("1.91")}, OTHER: None}


async def test_many_values_take_one_round_trip(
    cache: Cache, valkey_cache: ValkeyServer, client: redis.Redis
) -> None:
    values = {Key.of(category, 1): 1 for category in (GAME, Category.TEAM_DATA)}
    cache.set_many(values)
    async with patient(valkey_cache) as other:
        assert await other.get_many([*values, OTHER, OTHER]) == values
        assert await other.get_many([*values, OTHER, OTHER]) == values
        counted = other.stats.snapshot()
    assert calls(valkey_cache, "mget") == 2
    assert (counted[GAME].hits, counted[GAME].misses) == (2, 2)
    assert (counted[Category.TEAM_DATA].hits, counted[Category.TEAM_DATA].misses) == (2, 0)
    assert all(client.getrange(key.wire, 0, 0) == b"R" for key in values)


async def test_what_it_stores_expires(valkey_cache: ValkeyServer, client: redis.Redis) -> None:
    async with patient(valkey_cache) as cache:
        await cache.set(KEY, 1)
    assert 0 < client.pttl(KEY.wire) <= (GAME.policy.ttl + GAME.policy.grace).total_seconds() * 1000


@pytest.mark.parametrize("break_it", [ValkeyServer.kill, ValkeyServer.freeze, demand_a_login])
async def test_without_the_server_a_hundred_members_get_an_answer(
    fresh_valkey_cache: ValkeyServer, break_it: object
) -> None:
    assert callable(break_it)
    break_it(fresh_valkey_cache)
    async with connect_async(fresh_valkey_cache.url) as client:
        cache = AsyncCache(client, clock=Clock())
        async with asyncio.timeout(5):
            answers = await asyncio.gather(*(cache.get(KEY) for _ in range(100)))
            assert answers == [MISS] * 100
            assert await cache.get_many([KEY, OTHER]) == {}
            assert not await cache.set(KEY, 1)
    counted = cache.stats.snapshot()[GAME]
    assert counted == Counters(misses=102, drops=1, errors=102)


async def test_a_call_ends_at_its_deadline_whatever_the_client_waits_for(
    fresh_valkey_cache: ValkeyServer,
) -> None:
    fresh_valkey_cache.freeze()
    async with connect_async(fresh_valkey_cache.url, connect_timeout=60) as client:
        async with asyncio.timeout(10):
            assert await AsyncCache(client).get(KEY) is MISS


async def test_it_finds_the_server_that_came_back(fresh_valkey_cache: ValkeyServer) -> None:
    fresh_valkey_cache.freeze()
    async with connect_async(fresh_valkey_cache.url) as client:
        clock = Clock()
        cache = AsyncCache(client, clock=clock)
        assert not await cache.set(KEY, 1)
        fresh_valkey_cache.thaw()

        await eventually_async(clock, lambda: cache.set(KEY, 2))
        await eventually_async(clock, lambda: reads(cache, 2))


async def reads(cache: AsyncCache, value: int) -> bool:
    return await cache.get(KEY) == value


@pytest.mark.parametrize("refuse", [fill, make_replica])
async def test_a_server_that_takes_no_writes_is_still_read(
    fresh_valkey_cache: ValkeyServer, refuse: object
) -> None:
    async with patient(fresh_valkey_cache) as cache:
        assert await cache.set(KEY, 1)
        assert callable(refuse)
        refuse(fresh_valkey_cache)
        for _ in range(5):
            assert not await cache.set(OTHER, 1)
            assert await cache.get(KEY) == 1
        counted = cache.stats.snapshot()[GAME]
    assert (counted.hits, counted.drops, counted.sets) == (5, 5, 1)


async def test_cancelling_a_call_is_not_swallowed_and_spoils_nothing(
    fresh_valkey_cache: ValkeyServer,
) -> None:
    async with patient(fresh_valkey_cache) as cache:
        assert await cache.set(KEY, "mine")
        assert await cache.set(OTHER, "other")
        fresh_valkey_cache.freeze()
        reading = asyncio.create_task(cache.get(OTHER))
        await asyncio.sleep(0)  # it has to be under way to be cancelled
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        fresh_valkey_cache.thaw()
        assert await cache.get(KEY) == "mine"


async def test_a_server_that_is_not_there_is_a_miss() -> None:
    async with connect_async(f"redis://127.0.0.1:{free_port()}") as client:
        cache = AsyncCache(client)
        assert await cache.get(KEY) is MISS
        assert not await cache.set(KEY, 1)
