"""Watches the event loop: how late it runs, and whether it runs at all.

A stuck loop looks alive from outside: the process is there and its sockets are open. So a thread
ends the process when the loop has not moved for half a minute, and the supervisor starts a new one.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable

log = logging.getLogger(__name__)

EXIT_STUCK = 70  # sysexits.h: internal software error
_TICK_SECONDS = 0.25
_REPORT_SECONDS = 60.0


class LoopWatch:
    """Beats inside the loop, and listens from a thread.

    Args:
        limit: Seconds without a beat after which the process ends.
        look_every: Seconds between two looks of the thread.
        end: How the process ends; not `sys.exit`, which a stuck main thread would never notice.
        on_lag: Told at each beat by how many seconds it was late.
    """

    def __init__(
        self,
        limit: float = 30.0,
        look_every: float = 1.0,
        end: Callable[[int], object] = os._exit,
        on_lag: Callable[[float], None] | None = None,
    ) -> None:
        self._looks = max(1, round(limit / look_every))
        self._look_every = look_every
        self._end = end
        self._on_lag = on_lag
        self._beats = 0
        self._stopped = threading.Event()
        self._beating: asyncio.Task[None] | None = None
        self._loop_thread = 0

    def start(self) -> None:
        """Begin to watch the loop that runs."""
        self._loop_thread = threading.get_ident()
        self._beating = asyncio.create_task(self._beat(), name="loop-watch")
        threading.Thread(target=self._listen, name="loop-watch", daemon=True).start()

    async def stop(self) -> None:
        """Stop watching."""
        self._stopped.set()
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)

    async def _beat(self) -> None:
        worst, reported = 0.0, time.monotonic()
        while True:
            before = time.monotonic()
            await asyncio.sleep(_TICK_SECONDS)
            now = time.monotonic()
            late = max(0.0, now - before - _TICK_SECONDS)
            worst = max(worst, late)
            if self._on_lag is not None:
                self._on_lag(late)
            self._beats += 1
            if now - reported >= _REPORT_SECONDS:
                _report(worst)
                worst, reported = 0.0, now

    def _listen(self) -> None:
        """Count looks, not seconds: a process that was frozen as a whole is not stuck."""
        heard, silent = -1, 0
        while not self._stopped.wait(self._look_every):
            silent = 0 if self._beats != heard else silent + 1
            heard = self._beats
            if silent >= self._looks:
                self._give_up(silent * self._look_every)
                return

    def _give_up(self, seconds: float) -> None:
        log.critical(
            "The event loop has been stuck for %.0f s; this process ends, to be started again.",
            seconds,
            extra={"action": "bot.loop_stuck", "stack": self._stack()},
        )
        logging.shutdown()
        self._end(EXIT_STUCK)

    def _stack(self) -> str:
        frame = sys._current_frames().get(self._loop_thread)  # noqa: SLF001 - the one way to ask
        return "".join(traceback.format_stack(frame)) if frame else ""


def _report(worst: float) -> None:
    log.info(
        "The event loop was late by %.1f ms at most.",
        worst * 1000,
        extra={"action": "bot.loop_lag", "max_ms": round(worst * 1000, 1)},
    )
