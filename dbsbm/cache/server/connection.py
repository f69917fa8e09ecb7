"""Clients of the cache server that give up within milliseconds. Making one opens no connection."""

from __future__ import annotations

import threading
from typing import Any, Final

import redis
import redis.asyncio
from pydantic import SecretStr
from redis.asyncio.connection import parse_url as parse_async_url
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.connection import UnixDomainSocketConnection, parse_url
from redis.credentials import CredentialProvider
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry

from dbsbm.cache.forks import renew_after_fork
from dbsbm.errors import ConfigError

CONNECT_TIMEOUT: Final = 0.05
TIMEOUT: Final = 0.1
"""Seconds. An answer takes well under one millisecond; one that takes a hundred is no help."""


class _Login(CredentialProvider):
    """Holds the password apart from the options of a connection, which end up in reprs."""

    def __init__(self, username: str | None, password: SecretStr) -> None:
        self._username = username
        self._password = password

    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        password = self._password.get_secret_value()
        return (self._username, password) if self._username else (password,)


class _Pool(redis.ConnectionPool):
    """A pool that a child process can use whatever the parent's threads did when it was forked.

    The library's own takes a lock to forget the parent's connections: one that a thread of the
    parent may have held, and that nobody gives back in the child.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        renew_after_fork(self)

    def renew(self) -> None:
        """Begin with locks that are free."""
        self._lock = threading.RLock()
        self._fork_lock = threading.RLock()


def connect(
    url: str | SecretStr,
    password: SecretStr | None = None,
    *,
    connect_timeout: float = CONNECT_TIMEOUT,
    timeout: float = TIMEOUT,
) -> redis.Redis:
    """Return a client for threads; it connects when it is first used.

    Args:
        url: `redis://`, `rediss://` or `unix://`, with the password or without.
        password: Goes before a password of the URL.
        connect_timeout: Seconds to wait for a connection.
        timeout: Seconds to wait for each answer.

    Raises:
        ConfigError: The URL is none. The text does not repeat it, for it may hold a password.
    """
    options = _options(_parse(url, parse_url), password, connect_timeout, timeout)
    pool = _Pool(retry=Retry(NoBackoff(), 0), **options)
    return redis.Redis.from_pool(pool)  # closing the client closes its connections


def connect_async(
    url: str | SecretStr,
    password: SecretStr | None = None,
    *,
    connect_timeout: float = CONNECT_TIMEOUT,
) -> redis.asyncio.Redis:
    """Return a client for the coroutines of one event loop. See `connect`.

    It waits for answers as long as its caller does: `AsyncCache` gives every call a deadline. (A
    time-out of the client's own goes through `asyncio.wait_for`, which up to Python 3.11 may lose
    the cancellation by which deadlines work.)

    Raises:
        ConfigError: The URL is none.
    """
    options = _options(_parse(url, parse_async_url), password, connect_timeout, None)
    pool = redis.asyncio.ConnectionPool(retry=AsyncRetry(NoBackoff(), 0), **options)
    return redis.asyncio.Redis.from_pool(pool)


def _parse(url: str | SecretStr, parser: Any) -> dict[str, Any]:
    text = url.get_secret_value() if isinstance(url, SecretStr) else url
    try:
        return dict(parser(text))
    except ValueError:
        raise ConfigError(
            "CACHE_URL is no address of a Redis: it must look like redis://host:port/db."
        ) from None


def _options(
    parsed: dict[str, Any],
    password: SecretStr | None,
    connect_timeout: float,
    timeout: float | None,
) -> dict[str, Any]:
    """Return the options of a connection. Ours win over those that a URL's query may set."""
    username, in_url = parsed.pop("username", None), parsed.pop("password", None)
    secret = password or (SecretStr(in_url) if in_url else None)
    if secret is not None:
        parsed["credential_provider"] = _Login(username, secret)
    if not _is_unix(parsed):
        parsed["socket_connect_timeout"] = connect_timeout
    return {
        **parsed,
        "socket_timeout": timeout,
        # Servers and libraries disagree on the default; push messages need RESP3.
        "protocol": 3,
        "decode_responses": False,
        # Each of these is a round trip more before the first answer.
        "driver_info": None,
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
    }


def _is_unix(parsed: dict[str, Any]) -> bool:
    kind = parsed.get("connection_class")
    return kind in {UnixDomainSocketConnection, redis.asyncio.UnixDomainSocketConnection}
