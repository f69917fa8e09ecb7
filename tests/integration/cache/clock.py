"""A clock that tests push on, so that a breaker's pause ends when they say so."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from dbsbm.cache.server.breaker import LONGEST_PAUSE
from tests.servers import wait_until, wait_until_async

Condition = Callable[[], Coroutine[Any, Any, bool]]


class Clock:
    """Seconds that pass only when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def pass_pause(self) -> None:
        self.now += LONGEST_PAUSE


def eventually(clock: Clock, condition: Callable[[], bool]) -> None:
    """Wait until a condition holds, letting the breaker probe before each look."""

    def look() -> bool:
        clock.pass_pause()
        return condition()

    wait_until(look)


async def eventually_async(clock: Clock, condition: Condition) -> None:
    """Like `eventually`, for a coroutine function."""

    async def look() -> bool:
        clock.pass_pause()
        return await condition()

    await wait_until_async(look)
