"""What the page and the waiting tests hear of: one feed of events, many listeners."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from dbsbm.sandbox.discord.jsonio import Json

_BACKLOG = 1_000


class LiveFeed:
    """Hands every event to every listener; a listener that falls behind is told to start over."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[Json]] = set()

    def __len__(self) -> int:
        return len(self._listeners)

    @contextmanager
    def listen(self) -> Iterator[asyncio.Queue[Json]]:
        """Return a queue that fills with events for as long as the block lasts."""
        queue: asyncio.Queue[Json] = asyncio.Queue(_BACKLOG)
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)

    def publish(self, event: Json) -> None:
        """Give an event to every listener."""
        for queue in self._listeners:
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait({"type": "resync"})
            else:
                queue.put_nowait(event)
