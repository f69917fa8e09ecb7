"""A TCP proxy in front of the cache server that delays answers, or goes silent on some lines."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from types import TracebackType
from typing import Self

_CHUNK = 65536


class Proxy:
    """Forwards in a thread of its own. A context manager.

    Args:
        port: Where the server listens on 127.0.0.1.
        delay: Most seconds by which an answer is late, on every line but those that carry pushes:
            so that an invalidation overtakes the answer to a read that was carried out before it.
    """

    def __init__(self, port: int, delay: float = 0.0) -> None:
        self._port = port
        self._delay = delay
        self._random = random.Random(0)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._lines: set[_Line] = set()
        self.url = ""

    def silence_pushes(self) -> None:
        """Lose everything on the lines that carry pushes now; nobody is told."""
        for line in list(self._lines):
            line.is_silent |= line.carries_pushes

    def __enter__(self) -> Self:
        self._thread.start()
        opening = asyncio.run_coroutine_threadsafe(self._open(), self._loop)
        self.url = f"redis://127.0.0.1:{opening.result(10)}/0"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _open(self) -> int:
        self._listener = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        port: int = self._listener.sockets[0].getsockname()[1]
        return port

    async def _close(self) -> None:
        self._listener.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = _Line()
        # Cancelled at the end; what calls this function would take that for a failure.
        with contextlib.suppress(OSError, asyncio.CancelledError):
            upstream = await asyncio.open_connection("127.0.0.1", self._port)
            self._lines.add(line)
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._requests(line, reader, upstream[1]))
                pumps.create_task(self._answers(line, upstream[0], writer))
        self._lines.discard(line)

    async def _requests(
        self, line: _Line, source: asyncio.StreamReader, target: asyncio.StreamWriter
    ) -> None:
        with contextlib.closing(target), contextlib.suppress(OSError):
            while data := await source.read(_CHUNK):
                line.carries_pushes |= b"TRACKING" in data.upper()
                if not line.is_silent:
                    target.write(data)

    async def _answers(
        self, line: _Line, source: asyncio.StreamReader, target: asyncio.StreamWriter
    ) -> None:
        with contextlib.closing(target), contextlib.suppress(OSError):
            while data := await source.read(_CHUNK):
                if self._delay and not line.carries_pushes:
                    await asyncio.sleep(self._random.uniform(0, self._delay))
                if not line.is_silent:
                    target.write(data)


class _Line:
    """What is known of one connection."""

    def __init__(self) -> None:
        self.carries_pushes = False
        self.is_silent = False
