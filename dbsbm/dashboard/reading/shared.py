"""One read for all pages that ask for the same within a moment."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

_KEPT = 256


@dataclass(slots=True)
class _Answer(Generic[T]):
    task: asyncio.Future[T]
    until: float


class SharedReads(Generic[T]):
    """Runs blocking reads in threads, each once for all who ask for it.

    Args:
        threads: Reads at a time; the database's pool needs as many connections.
    """

    def __init__(self, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="dashboard-read")
        self._answers: dict[Hashable, _Answer[T]] = {}

    def get(self, key: Hashable, fresh_for: float, read: Callable[[], T]) -> Awaitable[T]:
        """The answer of a key: a kept one, one that is under way, or a new one.

        Whoever stops waiting does not take the answer from the others.

        Args:
            key: What is read.
            fresh_for: Seconds for which the answer may be given again.
            read: Blocks until it is read; what it raises is kept for nobody.
        """
        now = time.monotonic()
        known = self._answers.get(key)
        if known is None or known.until <= now:
            self._forget_old(now)
            task = asyncio.get_running_loop().run_in_executor(self._threads, read)
            known = self._answers[key] = _Answer(task, now + fresh_for)
            task.add_done_callback(lambda done: self._forget_failed(key, done))
        return asyncio.shield(known.task)

    def forget(self) -> None:
        """Give no answer again that was read before now."""
        self._answers.clear()

    def close(self) -> None:
        """Begin nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _forget_failed(self, key: Hashable, done: asyncio.Future[T]) -> None:
        known = self._answers.get(key)
        is_failed = done.cancelled() or done.exception() is not None
        if is_failed and known is not None and known.task is done:
            del self._answers[key]

    def _forget_old(self, now: float) -> None:
        if len(self._answers) < _KEPT:
            return
        self._answers = {
            key: answer
            for key, answer in self._answers.items()
            if answer.until > now or not answer.task.done()
        }
