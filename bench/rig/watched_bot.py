"""`python -m bench.rig.watched_bot FILE`: the bot, and a sampler in its event loop.

Nothing of the bot is replaced. The sampler sleeps for two milliseconds at a time and notes each
time that it woke late, and for how much of that the system had given the processor to others.
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


class _Queued:
    """Seconds that this thread was ready to run while other processes had the processor.

    Only Linux counts them, in the second field of `schedstat`; elsewhere there are none.
    """

    def __init__(self) -> None:
        known = Path("/proc/thread-self/schedstat")
        self._file = known.open("rb", buffering=0) if known.exists() else None

    def seconds(self) -> float:
        if self._file is None:
            return 0.0
        self._file.seek(0)
        return int(self._file.read().split()[1]) / 1e9


async def _sample(file: Path) -> None:
    queued = _Queued()
    with file.open("ab", buffering=0) as log:
        while True:
            before, waited = time.monotonic(), queued.seconds()
            await asyncio.sleep(TICK_SECONDS)
            late = (now := time.monotonic()) - before - TICK_SECONDS
            if late > NOTED_SECONDS:
                log.write(f"{now:.4f} {late:.4f} {queued.seconds() - waited:.4f}\n".encode())


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
        queued: Seconds of it in which the bot was ready to run and other processes had the
            processor.
    """

    late: float
    queued: float

    @property
    def own(self) -> float:
        """Seconds that are the bot's doing: it worked, or waited for something it must not."""
        return max(0.0, self.late - self.queued)


def stalls(file: Path, since: float, until: float) -> list[Stall]:
    """The stalls in a span of `time.monotonic()`, which is one clock for all of a machine."""
    noted = (map(float, line.split()) for line in file.read_text("ascii").splitlines())
    return [Stall(late, queued) for now, late, queued in noted if since <= now <= until]


if __name__ == "__main__":
    program.Bot = _WatchedBot  # the bot's own main starts this one
    sys.exit(program.main())
