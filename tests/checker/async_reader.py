"""A process that reads through its cache with coroutines, as the bot does."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

from dbsbm.cache import AsyncCache
from tests.checker.access import Inspector, key_of
from tests.checker.clock import WallClock
from tests.checker.counts import Counts, total
from tests.checker.link import Handlers
from tests.checker.plan import Plan
from tests.checker.reader import REST, picked_keys
from tests.checker.truth import Row

T = TypeVar("T")


class AsyncReader:
    """Coroutines that read, on one event loop in a thread of its own.

    Args:
        plan: Of the crew.
        name: This reader's.
        cache: Its cache.
        clock: This process's wall clock.
    """

    def __init__(self, plan: Plan, name: str, cache: AsyncCache, clock: WallClock) -> None:
        self._plan = plan
        self._name = name
        self._inspector = Inspector(plan, name)
        self._reads = [self._read_of(cache, number) for number in range(plan.keys)]
        self._counts: list[Counts] = []
        self._clock = clock
        self._is_stopped = False
        self._loop = asyncio.new_event_loop()
        self._running: list[asyncio.Task[None]] = []
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    @property
    def handlers(self) -> Handlers:
        """What it can be asked."""
        return {
            "start": lambda: self._ask(self._start()),
            "stop": lambda: self._ask(self._stop()),
            "counts": lambda: total(self._counts),
            "serve": lambda keys: self._ask(self._serve(keys)),
            "jump": self._clock.jump,
        }

    def _ask(self, question: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(question, self._loop).result()

    async def _start(self) -> None:
        self._is_stopped = False
        self._counts = [Counts() for _ in range(self._plan.threads)]
        self._running = [
            asyncio.create_task(self._run(f"{self._name}.{number}", counts))
            for number, counts in enumerate(self._counts)
        ]

    async def _stop(self) -> Counts:
        self._is_stopped = True
        await asyncio.gather(*self._running)
        return total(self._counts)

    async def _serve(self, keys: Sequence[int]) -> dict[int, Row]:
        return {key: await self._reads[key]() for key in keys}

    async def _run(self, seed: str, counts: Counts) -> None:
        picks = picked_keys(self._plan, seed)
        while not self._is_stopped:
            try:
                for key in next(picks):
                    began = time.monotonic_ns()
                    self._inspector.inspect(key, await self._reads[key](), began, counts)
            except Exception as error:  # noqa: BLE001 - that a read raises is what is counted
                counts.errors += 1
                counts.say(f"{seed} raised {error!r}")
            await asyncio.sleep(REST)

    def _read_of(self, cache: AsyncCache, number: int) -> Callable[[], Awaitable[Row]]:
        key, tags, truth, pause = (
            key_of(number),
            self._plan.tags(number),
            self._inspector.truth,
            self._plan.load,
        )

        async def load() -> Row:
            row = truth.read(number)
            await asyncio.sleep(pause)
            return row

        return lambda: cache.get_or_load(key, load, tags=tags)
