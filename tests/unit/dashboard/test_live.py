"""News: one reader for all who listen, and none for nobody."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from dbsbm.dashboard.live import LiveNews
from dbsbm.dashboard.reading.shared import SharedReads
from dbsbm.errors import TransientError


class Source:
    """Says something new at every look, unless told to stay."""

    def __init__(self) -> None:
        self.looks = 0
        self.stays = False
        self.fails = False

    async def __call__(self) -> str:
        self.looks += 1
        if self.fails:
            raise TransientError("The database is away.")
        return "same" if self.stays else str(self.looks)


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def news(source: Source) -> LiveNews:
    return LiveNews(source, lambda error: f"problem: {error}", period=0.01)


async def first(news: LiveNews, count: int, silence: float = 30.0) -> list[str | None]:
    found = []
    async with contextlib.aclosing(news.listen(silence)) as events:
        async for event in events:
            found.append(event)
            if len(found) == count:
                break
    return found


async def test_many_listeners_share_one_reader(news: LiveNews, source: Source) -> None:
    heard = await asyncio.gather(*(first(news, 3) for _ in range(50)))

    assert all(texts == heard[0] for texts in heard)
    assert source.looks == 3


async def test_nobody_listening_costs_nothing(news: LiveNews, source: Source) -> None:
    await first(news, 1)
    looks = source.looks
    await asyncio.sleep(0.05)

    assert (news.listeners, source.looks) == (0, looks)


async def test_what_stays_the_same_is_told_once(news: LiveNews, source: Source) -> None:
    source.stays = True

    assert await first(news, 2, silence=0.05) == ["same", None]
    assert source.looks > 1


async def test_a_database_that_is_away_is_news_too(news: LiveNews, source: Source) -> None:
    source.fails = True
    events = news.listen(30.0)

    assert await anext(events) == "problem: The database is away."
    source.fails = False
    assert (await anext(events) or "").isdecimal()
    await events.aclose()


async def test_closing_ends_every_stream(news: LiveNews, source: Source) -> None:
    source.stays = True
    listening = [asyncio.create_task(first(news, 99)) for _ in range(3)]
    while source.looks < 2:  # noqa: ASYNC110 - what it looks at sets no event
        await asyncio.sleep(0.001)
    await news.close()

    assert await asyncio.gather(*listening) == [["same"]] * 3


async def test_a_read_is_shared_even_with_one_who_stops_waiting() -> None:
    reads: SharedReads[int] = SharedReads(2)
    calls: list[int] = []
    impatient = asyncio.ensure_future(reads.get("key", 60, lambda: calls.append(1) or len(calls)))
    patient = asyncio.ensure_future(reads.get("key", 60, lambda: calls.append(1) or len(calls)))
    await asyncio.sleep(0)
    impatient.cancel()

    assert await patient == await reads.get("key", 60, lambda: 99) == 1
    assert await reads.get("another", 0, lambda: 2) == 2
    reads.forget()
    assert await reads.get("key", 60, lambda: 3) == 3
    reads.close()


async def test_a_failure_is_kept_for_nobody() -> None:
    reads: SharedReads[int] = SharedReads(1)

    with pytest.raises(ZeroDivisionError):
        await reads.get("key", 60, lambda: 1 // 0)
    assert await reads.get("key", 60, lambda: 1) == 1
    reads.close()
