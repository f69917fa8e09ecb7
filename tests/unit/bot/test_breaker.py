from __future__ import annotations

import asyncio

from bot.breaker import Breaker


class Other:
    """The other side: away until told otherwise."""

    def __init__(self) -> None:
        self.away = True
        self.probes = 0

    async def answer(self) -> None:
        self.probes += 1
        if self.away:
            raise OSError


async def test_it_stays_open_until_a_probe_succeeds() -> None:
    other = Other()
    breaker = Breaker(other.answer, pause=0.001)
    assert not breaker.is_open
    breaker.trip(OSError())
    while other.probes < 3:
        assert breaker.is_open
        await asyncio.sleep(0.001)
    other.away = False
    await breaker.wait_closed()
    assert not breaker.is_open


async def test_it_can_trip_again() -> None:
    other = Other()
    other.away = False
    breaker = Breaker(other.answer, pause=0.001)
    for _ in range(2):
        breaker.trip(OSError())
        assert breaker.is_open
        await breaker.wait_closed()
    assert other.probes == 2


async def test_many_failures_at_once_start_one_probe() -> None:
    other = Other()
    other.away = False
    breaker = Breaker(other.answer, pause=0.001)
    for _ in range(50):
        breaker.trip(OSError())
    await breaker.wait_closed()
    assert other.probes == 1


async def test_a_probe_that_hangs_is_given_up(monkeypatch) -> None:
    hangs = asyncio.Event()
    calls = 0

    async def probe() -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            await hangs.wait()

    monkeypatch.setattr("bot.breaker.PROBE_SECONDS", 0.01)
    breaker = Breaker(probe, pause=0.001)
    breaker.trip(OSError())
    await breaker.wait_closed()
    assert calls == 2


async def test_stopping_ends_the_probing() -> None:
    breaker = Breaker(Other().answer, pause=0.001)
    breaker.trip(OSError())
    await breaker.stop()
    assert breaker.is_open
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "breaker"]
