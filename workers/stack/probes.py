"""Questions that a supervisor asks a process from outside."""

from __future__ import annotations

import asyncio
from pathlib import Path

import redis
import redis.asyncio
from pydantic import SecretStr
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from workers.stack.spec import Probe

_TIMEOUT = 1.0


def file_exists(path: Path) -> Probe:
    """Holds when there is a file at `path`."""

    async def probe() -> bool:
        return path.exists()  # noqa: ASYNC240 - a local file

    return probe


def http_answers(port: int, path: str = "/") -> Probe:
    """Holds when a web server on loopback answers without an error of its own."""

    async def probe() -> bool:
        status = (await _get(port, path)).split(b" ", 2)[1:2]
        return bool(status) and status[0] < b"500"

    return probe


def http_says(port: int, path: str, text: bytes) -> Probe:
    """Holds when a web server on loopback answers a page that contains `text`."""

    async def probe() -> bool:
        return text in await _get(port, path)

    return probe


def redis_answers(url: SecretStr) -> Probe:
    """Holds when a Redis or Valkey has loaded its data and takes commands."""

    async def probe() -> bool:
        client = redis.asyncio.from_url(
            url.get_secret_value(),
            socket_timeout=_TIMEOUT,
            socket_connect_timeout=_TIMEOUT,
            retry=Retry(NoBackoff(), 0),
        )
        try:
            return bool(await client.ping())
        except redis.RedisError:
            return False
        finally:
            await client.aclose()

    return probe


async def _get(port: int, path: str) -> bytes:
    """The whole answer to a GET request, or what there was of it in a second."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
    answer = b""
    try:
        async with asyncio.timeout(_TIMEOUT):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(request.encode())
                while piece := await reader.read(65_536):
                    answer += piece
            finally:
                writer.close()
    except (OSError, TimeoutError):
        pass
    return answer
