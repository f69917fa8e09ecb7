"""A connection on which the server tells of every key of ours that changes (`CLIENT TRACKING`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import redis
from redis.connection import DefaultParser

from dbsbm.cache.keys import NAMESPACE

HANDSHAKE: Final = 0.5
"""Seconds to wait for what opening a connection takes."""

SOONEST: Final = 0.001


class NotAllowed(Exception):
    """The server will not let us watch: it is another one than we need, or an ACL forbids it."""


@dataclass(frozen=True, slots=True)
class Changed:
    """What the server says without being asked.

    Attributes:
        names: The keys that have changed; None where all may have.
    """

    names: Sequence[str] | None


class _Push(list[Any]):
    """What the server said without being asked, as it stands on the wire."""


class _Parser(DefaultParser):  # type: ignore[misc, valid-type]
    """Hands a push to whoever reads, instead of to a handler."""

    def handle_push_response(self, response: Any, **_: Any) -> _Push:
        """Mark a push as such."""
        return _Push(response)


class TrackingConnection:
    """A connection as a client would make it, that waits longer and hands out what is pushed.

    Every method but `close` raises what the client does.

    Args:
        client: Whose server it goes to.
    """

    def __init__(self, client: redis.Redis) -> None:
        pool = client.connection_pool
        options = {
            **pool.connection_kwargs,
            "socket_timeout": HANDSHAKE,
            "parser_class": _Parser,
        }
        self._connection: Any = pool.connection_class(**options)

    def open(self) -> None:
        """Connect, and have the server tell of changes.

        Raises:
            NotAllowed: It does not.
        """
        self._connection.connect()
        self._connection.send_command("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", NAMESPACE)
        try:
            self._connection.read_response()
        except redis.ResponseError as error:
            raise NotAllowed(str(error)) from error

    def ask_time(self) -> None:
        """Ask for the server's time; the answer comes by `read`."""
        self._connection.send_command("TIME")

    def read(self, seconds: float) -> Any:
        """Read one thing, for so long at most: an answer or a `Changed`; None if nothing comes."""
        try:
            said = self._connection.read_response(
                push_request=True, timeout=max(seconds, SOONEST), disconnect_on_error=False
            )
        except redis.TimeoutError:
            return None
        if type(said) is not _Push:
            return said
        return _changed(said[1]) if said[0] == b"invalidate" else None

    def close(self) -> None:
        """Close it."""
        self._connection.disconnect()


def _changed(names: Sequence[bytes] | None) -> Changed:
    if names is None:
        return Changed(None)
    return Changed([name.decode("utf-8", "replace") for name in names])
