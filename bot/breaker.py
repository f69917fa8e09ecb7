"""The broker's breaker: after a failure everyone is answered at once, until a probe succeeds."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0
PROBE_SECONDS = 1.0


class Breaker:
    """Remembers that the broker is away, and finds out by itself when it is back.

    Args:
        probe: Asks the broker for a sign of life; any exception means there is none.
        pause: Seconds between two probes, and the least that the breaker stays open.
    """

    def __init__(self, probe: Callable[[], Awaitable[None]], pause: float = PAUSE_SECONDS) -> None:
        self._probe = probe
        self._pause = pause
        self._closed = asyncio.Event()
        self._closed.set()
        self._probing: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        """True while nobody should even try."""
        return not self._closed.is_set()

    def trip(self, cause: BaseException) -> None:
        """Open, and begin to probe. Does nothing while it is open."""
        if self.is_open:
            return
        # Only the kind: a text may hold an address, and an address a password.
        reason = type(cause).__name__
        log.warning(
            "The broker is away: %s.", reason, extra={"action": "bot.broker_away", "error": reason}
        )
        self._closed.clear()
        self._probing = asyncio.create_task(self._probe_until_back(), name="breaker")

    async def wait_closed(self) -> None:
        """Wait for as long as the breaker is open."""
        await self._closed.wait()

    async def stop(self) -> None:
        """End the probing."""
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.gather(self._probing, return_exceptions=True)

    async def _probe_until_back(self) -> None:
        while not await self._is_back():
            pass
        log.info("The broker is back.", extra={"action": "bot.broker_back"})
        self._closed.set()

    async def _is_back(self) -> bool:
        await asyncio.sleep(self._pause)
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await self._probe()
        except Exception:  # noqa: BLE001 - whatever is wrong, it is not back
            return False
        return True
