"""Caches with copies, as open as in production but more patient, and what tests wait for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from dbsbm.cache import Cache, Category, Key, open_cache
from dbsbm.cache.local.entry import LocalEntry
from dbsbm.cache.server.connection import TIMEOUT
from tests.servers import ValkeyServer, wait_until

READY = Key.of(Category.SESSION, "is it there?")


@contextmanager
def watching(server: ValkeyServer, *, patience: float = 30, **options: Any) -> Iterator[Cache]:
    """A cache whose copies are believed already. On a busy machine only a patient one is sure."""
    with open_cache(server.url, connect_timeout=30, timeout=patience, **options) as cache:
        wait_for_channel(cache)
        yield cache


def hasty(server: ValkeyServer) -> AbstractContextManager[Cache]:
    """A cache that soon does without its server, as in production."""
    return watching(server, patience=TIMEOUT)


def wait_for_channel(cache: Cache) -> None:
    """Wait until the cache believes its copies, and the server."""
    cache.get(READY)
    wait_until(lambda: is_believed(cache))


def is_believed(cache: Cache) -> bool:
    """The channel proves the copies, and its thread waits for nothing but the server's word."""
    core, upkeep = cache._core, cache._channel._listener  # type: ignore[attr-defined]
    is_settled = core.clock() >= core.channel.settled_at
    return core.is_pushed and is_settled and not upkeep._is_policy_due


def copy(cache: Cache, key: Key) -> LocalEntry | None:
    """The copy that a cache would serve; looking counts as a read."""
    return cache.copy_of(key.wire)


def wait_for_copy(cache: Cache, key: Key) -> None:
    """Read until there is a copy: a push for what the test has just written may come late."""

    def read() -> bool:
        cache.get(key)
        return copy(cache, key) is not None

    wait_until(read, interval=0.005)


def wait_for_no_copy(cache: Cache, key: Key) -> None:
    wait_until(lambda: copy(cache, key) is None, interval=0.005)


class Gate:
    """Stops the next read of a cache in the middle: its answer has come, and is not used yet."""

    def __init__(self, cache: Cache) -> None:
        self.is_reached = threading.Event()
        self.opens = threading.Event()
        server: Any = cache._threads._server
        self._read = server.read
        server.read = self._run

    def _run(self, *command: Any) -> Any:
        answer = self._read(*command)
        if not self.is_reached.is_set():
            self.is_reached.set()
            assert self.opens.wait(30)
        return answer


def in_thread(work: Callable[[], Any]) -> Callable[[], Any]:
    """Begin some work, and return what waits for its result."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()

    def result() -> Any:
        thread.join(30)
        return results[0]

    return result
