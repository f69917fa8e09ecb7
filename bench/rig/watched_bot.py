"""`python -m bench.rig.watched_bot FILE`: the bot, and a sampler in its event loop.

Nothing of the bot is replaced. The sampler sleeps for two milliseconds at a time and notes each
time that it woke late: from the moment the loop could have run it to the moment it did.
"""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import bot.__main__ as program
from bot.client import Bot

TICK_SECONDS = 0.002
# Below this it is the sampler's own clock: epoll counts whole milliseconds.
NOTED_SECONDS = 0.002


async def _sample(file: Path) -> None:
    with file.open("ab", buffering=0) as log:
        while True:
            before, worked = time.monotonic(), time.thread_time()
            await asyncio.sleep(TICK_SECONDS)
            late = (now := time.monotonic()) - before - TICK_SECONDS
            if late > NOTED_SECONDS:
                log.write(f"{now:.4f} {late:.4f} {time.thread_time() - worked:.4f}\n".encode())


class _WatchedBot(Bot):
    async def setup_hook(self) -> None:
        self._sampling = asyncio.create_task(_sample(Path(sys.argv[1])), name="sampler")
        await super().setup_hook()

    async def close(self) -> None:
        self._sampling.cancel()
        await super().close()


@dataclass(frozen=True, slots=True)
class Stall:
    """One time that the event loop was late.

    Attributes:
        late: Seconds.
        worked: Seconds that its own thread was running meanwhile; in the rest of the time it was
            other processes that had the processor.
    """

    late: float
    worked: float


def longest_stall(file: Path, since: float, until: float) -> Stall:
    """The longest stall in a span of `time.monotonic()`, one clock for all of a machine."""
    noted = (map(float, line.split()) for line in file.read_text("ascii").splitlines())
    within = [Stall(late, worked) for now, late, worked in noted if since <= now <= until]
    return max(within, key=lambda stall: stall.late, default=Stall(0.0, 0.0))


if __name__ == "__main__":
    program.Bot = _WatchedBot  # the bot's own main starts this one
    sys.exit(program.main())
