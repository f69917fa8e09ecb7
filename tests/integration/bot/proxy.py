"""A TCP proxy in front of the broker, which can delay what is written and lose what is answered."""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType
from typing import Self

_CHUNK = 65536


class Proxy:
    """Forwards both ways until it is told otherwise.

    Args:
        port: Where the server listens on 127.0.0.1.
    """

    def __init__(self, port: int) -> None:
        self._server_port = port
        self._listener: asyncio.Server | None = None
        self._links: list[_Link] = []

    @property
    def url(self) -> str:
        """The address of database 0 through the proxy."""
        assert self._listener is not None
        return f"redis://127.0.0.1:{self._listener.sockets[0].getsockname()[1]}/0"

    @property
    def late_answers(self) -> list[bytes]:
        """What the server answered to writes that were kept back."""
        return [link.late_answer for link in self._links if link.late_answer]

    def hold(self) -> None:
        """Keep back what is written from now on, on the connections there are."""
        for link in self._links:
            link.was_held = True
            link.open.clear()

    def release(self) -> None:
        """Deliver what was kept back, also of clients that have gone away meanwhile."""
        for link in self._links:
            link.open.set()

    def lose_answers(self) -> None:
        """Cut the connections there are at their next answer, instead of delivering it."""
        for link in self._links:
            link.loses_answer = True

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._listener is not None
        self._listener.close()
        for link in self._links:
            await link.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            upstream = await asyncio.open_connection("127.0.0.1", self._server_port)
            self._links.append(_Link((reader, writer), upstream))


_Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Link:
    """One connection through the proxy."""

    def __init__(self, client: _Stream, server: _Stream) -> None:
        self._client, self._server = client, server
        self.open = asyncio.Event()
        self.open.set()
        self.was_held = False
        self.loses_answer = False
        self.late_answer = b""
        self._pumps = [
            asyncio.create_task(self._requests()),
            asyncio.create_task(self._answers()),
        ]

    async def _requests(self) -> None:
        while data := await self._client[0].read(_CHUNK):
            await self.open.wait()
            self._server[1].write(data)

    async def _answers(self) -> None:
        while data := await self._server[0].read(_CHUNK):
            if self.was_held:
                self.late_answer += data
            if self.loses_answer:
                self._client[1].close()
                return
            self._client[1].write(data)
        self._client[1].close()

    async def close(self) -> None:
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)
        for _, writer in (self._client, self._server):
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
