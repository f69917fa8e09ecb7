"""News for open pages: one reader, however many pages listen, and none where nobody does."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable

from dbsbm.errors import DbsbmError

log = logging.getLogger(__name__)


class LiveNews:
    """Reads again and again while somebody listens, and hands each newest text to all of them.

    A listener that is slow misses what came in between, and no memory is kept for it.

    Args:
        read: The text of this moment; a DbsbmError is told to listeners in its place.
        problem: Makes the text of such an error.
        period: Seconds between two reads.
    """

    def __init__(
        self,
        read: Callable[[], Awaitable[str]],
        problem: Callable[[DbsbmError], str],
        period: float,
    ) -> None:
        self._read = read
        self._problem = problem
        self._period = period
        self._changed = asyncio.Condition()
        self._version = 0
        self._text = ""
        self._reader: asyncio.Task[None] | None = None
        self._closing = False
        self.listeners = 0

    async def listen(self, silence: float) -> AsyncGenerator[str | None, None]:
        """Every newest text from now on; None where there was none for `silence` seconds.

        Ends when the server does.
        """
        self.listeners += 1
        if self._reader is None:
            self._reader = asyncio.create_task(self._run())
        seen = 0
        try:
            while not self._closing:
                if await self._newer_than(seen, silence):
                    seen = self._version
                    yield self._text
                elif not self._closing:
                    yield None
        finally:
            self.listeners -= 1
            if self.listeners == 0:
                self._stop_reading()

    async def close(self) -> None:
        """End every stream."""
        self._closing = True
        self._stop_reading()
        async with self._changed:
            self._changed.notify_all()

    def _stop_reading(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
            self._reader = None
            # What was read for those who have gone is old news for those who come.
            self._version, self._text = 0, ""

    async def _newer_than(self, seen: int, silence: float) -> bool:
        def is_new() -> bool:
            return self._closing or self._version > seen

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(silence), self._changed:
                await self._changed.wait_for(is_new)
        return self._version > seen and not self._closing

    async def _run(self) -> None:
        while True:
            began = time.monotonic()
            try:
                text = await self._read()
            except DbsbmError as error:
                text = self._problem(error)
            except Exception:
                log.exception("Live news could not be read.", extra={"action": "dashboard.live"})
                text = self._problem(DbsbmError("The numbers could not be read: see the log."))
            if text != self._text:
                async with self._changed:
                    self._text, self._version = text, self._version + 1
                    self._changed.notify_all()
            await asyncio.sleep(max(0.0, self._period - (time.monotonic() - began)))
