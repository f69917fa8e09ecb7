"""Threads that do one thing again and again, from a start to a stop; then they may start anew."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from tests.checker.counts import Counts, total

Job = Callable[[Counts], None]


class Shift:
    """Runs each job in a thread of its own.

    Args:
        jobs: Each does its thing once, and counts it.
        rest: Seconds between two times. A thread that never rests keeps the others of its process
            waiting for the interpreter, also the one that hears what has changed.
    """

    def __init__(self, jobs: Sequence[Job], rest: float) -> None:
        self._jobs = jobs
        self._rest = rest
        self._over = threading.Event()
        self._counts: list[Counts] = []
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin, and count from nothing."""
        self._over = threading.Event()
        self._counts = [Counts() for _ in self._jobs]
        self._threads = [
            threading.Thread(target=self._work, args=work, daemon=True)
            for work in zip(self._jobs, self._counts, strict=True)
        ]
        for thread in self._threads:
            thread.start()

    def counts(self) -> Counts:
        """Return what was counted so far."""
        return total(self._counts)

    def stop(self) -> Counts:
        """Stop, and return what was counted."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        return self.counts()

    def _work(self, job: Job, counts: Counts) -> None:
        over = self._over
        while not over.wait(self._rest):
            try:
                job(counts)
            except Exception as error:  # noqa: BLE001 - that something raises is what is counted
                counts.errors += 1
                counts.say(f"{error!r} was raised")
