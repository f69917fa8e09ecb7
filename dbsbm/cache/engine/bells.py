"""Waiting for the server's word on a key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Lock

from dbsbm.cache.forks import renew_after_fork


class Bells:
    """Rung when something happened to a key on the server; callers wait for them."""

    def __init__(self) -> None:
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Have nobody wait."""
        self._lock = Lock()
        self._waiting: dict[str, list[Future[None]]] = {}

    @contextmanager
    def listen(self, wire: str) -> Iterator[Future[None]]:
        """Return a future that is done as soon as the bell of a key has rung."""
        future: Future[None] = Future()
        with self._lock:
            self._waiting.setdefault(wire, []).append(future)
        try:
            yield future
        finally:
            self._leave(wire, future)

    def ring(self, wires: Iterable[str]) -> None:
        """Wake those who wait for these keys."""
        if not self._waiting:
            return
        for wire in wires:
            with self._lock:
                futures = self._waiting.pop(wire, ())
            _wake(futures)

    def ring_all(self) -> None:
        """Wake everybody."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        for futures in waiting.values():
            _wake(futures)

    def _leave(self, wire: str, future: Future[None]) -> None:
        with self._lock:
            futures = self._waiting.get(wire)
            if futures and future in futures:
                futures.remove(future)
                if not futures:
                    del self._waiting[wire]


def _wake(futures: Iterable[Future[None]]) -> None:
    for future in futures:
        if future.set_running_or_notify_cancel():
            future.set_result(None)
