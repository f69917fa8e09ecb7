"""Doing the same thing several times in the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def at_once(times: int, work: Callable[[], T]) -> list[T]:
    """Return what `times` threads got that began together."""
    barrier = threading.Barrier(times)

    def run() -> T:
        barrier.wait()
        return work()

    with ThreadPoolExecutor(times) as pool:
        return [future.result() for future in [pool.submit(run) for _ in range(times)]]
