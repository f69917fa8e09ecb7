"""The cache server as the logic of the cache calls it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from hashlib import sha1
from typing import Any

import redis

from dbsbm.cache.server import scripts

Script = Callable[..., Any]
"""Given keys and arguments, runs on the server; the answer is as the client's own."""


class Server:
    """A client, plain or asyncio's, with the scripts it can run.

    Attributes:
        client: For everything that is one command.
        read: Sends a command whose answer needs no translation.
    """

    def __init__(self, client: Any, *, by_text: bool = False) -> None:
        self.client = client
        self.read = partial(_read, client) if _is_plain(client) else client.execute_command
        self._by_text = by_text
        self.acquire = self._script(scripts.ACQUIRE)
        self.fill = self._script(scripts.FILL)
        self.refill = self._script(scripts.REFILL)
        self.give_back = self._script(scripts.GIVE_BACK)
        self.renew_leases = self._script(scripts.RENEW)
        self.guard = self._script(scripts.GUARD)
        self.release = self._script(scripts.RELEASE)
        self.mark_read = self._script(scripts.MARK_READ)

    @cached_property
    def by_text(self) -> Server:
        """The same server, told each script as a whole, as one has to be that was restarted."""
        return Server(self.client, by_text=True)

    def _script(self, text: str) -> Script:
        digest = sha1(text.encode(), usedforsecurity=False).hexdigest()
        command, script = ("EVAL", text) if self._by_text else ("EVALSHA", digest)

        def run(keys: Sequence[str], arguments: Sequence[Any] = ()) -> Any:
            return self.client.execute_command(command, script, len(keys), *keys, *arguments)

        return run


def _is_plain(client: Any) -> bool:
    return isinstance(client, redis.Redis)


def _read(client: redis.Redis, *command: Any) -> Any:
    """Do what `client.execute_command` does, without its retries, its events and its metrics.

    They take as long as the server does.
    """
    pool = client.connection_pool
    connection: Any = pool.get_connection()
    try:
        connection.send_command(*command)
        return connection.read_response()
    finally:
        pool.release(connection)
