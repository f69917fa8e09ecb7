"""Runs the logic of the cache in threads: the caller's own, and a few in the background."""

from __future__ import annotations

import contextlib
import contextvars
import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from time import perf_counter
from typing import Any, Final, TypeVar

import redis
from redis.exceptions import NoScriptError

from dbsbm.cache.away import FAILURES
from dbsbm.cache.engine.gate import Gate
from dbsbm.cache.engine.steps import (
    FAILED,
    Call,
    Flow,
    Load,
    Spawn,
    Step,
    Wait,
    loading_nothing,
    loading_of,
)
from dbsbm.cache.errors import LoadTimeout
from dbsbm.cache.forks import renew_after_fork
from dbsbm.cache.keys import Key
from dbsbm.cache.server.commands import Server

log = logging.getLogger(__name__)

T = TypeVar("T")

OnRead = Callable[[Key, float, float], None]
"""Told of each read of one key from the server: the key, and when it began and ended by
`perf_counter`."""

GoOn = Callable[[Any], Step]

MOST_THREADS: Final = 8
MOST_WAITING: Final = 64
"""Loads in the background; one more is not made, and asked for again by a later reader."""

IDLE_SECONDS: Final = 10.0


class Pool:
    """A few daemon threads, started when they are needed and ended when they are not.

    They do not hold up the end of the process, as a pool of the standard library would, for a
    loader that never returns. Threads may share it; a child process begins with no threads.
    """

    def __init__(self, most_threads: int = MOST_THREADS, most_waiting: int = MOST_WAITING) -> None:
        self._most_threads = most_threads
        self._most_waiting = most_waiting
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Begin without threads and without work."""
        self._lock = threading.Lock()
        self._jobs: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self._threads = 0
        self._idle = 0

    def submit(self, job: Callable[[], object]) -> bool:
        """Have a job done in the context of the caller; False if there is no room for it."""
        context = contextvars.copy_context()
        with self._lock:
            if self._jobs.qsize() >= self._most_waiting:
                return False
            needs_thread = self._jobs.qsize() >= self._idle and self._threads < self._most_threads
            if needs_thread and not self._start_thread() and self._threads == 0:
                return False
            self._jobs.put(lambda: context.run(job))
        return True

    def _start_thread(self) -> bool:
        thread = threading.Thread(target=self._work, name="dbsbm-cache-load", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the system has no thread to give
            return False
        self._threads += 1
        return True

    def _work(self) -> None:
        jobs, lock = self._jobs, self._lock
        while (job := self._next(jobs, lock)) is not None:
            try:
                job()
            except BaseException:  # a loader that wants to end the process ends no thread of ours
                log.exception(
                    "A job in the cache's background failed.", extra={"action": "cache.background"}
                )

    def _next(
        self, jobs: queue.SimpleQueue[Callable[[], object]], lock: threading.Lock
    ) -> Callable[[], object] | None:
        with lock:
            self._idle += 1
        try:
            job = jobs.get(timeout=IDLE_SECONDS)
        except queue.Empty:
            job = None
        with lock:
            self._idle -= 1
            if job is None and not jobs.empty():
                job = jobs.get()
            self._threads -= job is None
        return job


class Threads:
    """Runs flows, blocking the thread that calls.

    Args:
        gate: Admits calls to the server.
        client: The server's client, or None for no server at all.
        pool: Runs what is not waited for.

    Attributes:
        on_read: Follows the reads, if anybody does.
    """

    def __init__(self, gate: Gate, client: redis.Redis | None, pool: Pool) -> None:
        self._gate = gate
        self._server = Server(client) if client is not None else None
        self._pool = pool
        self.on_read: OnRead | None = None

    def run(self, flow: Flow[T]) -> T:
        """Run a flow to its end, and return what it returns."""
        return self._drive(flow, flow.send, None)

    def run_or_hand_over(self, flow: Flow[Any]) -> None:
        """Run a flow until it would load or wait; then let a thread in the background go on.

        Where there is no room in the background, LoadTimeout is raised within the flow.
        """
        go_on: GoOn = flow.send
        given: Any = None
        while True:
            try:
                step = go_on(given)
            except Exception:  # noqa: BLE001 - it has ended, and told whoever waits for it how
                return
            if not isinstance(step, Load | Wait):
                go_on, given = self._do(flow, step)
            elif self._pool.submit(partial(self._resume, flow, step)):
                return
            else:
                go_on, given = flow.throw, LoadTimeout("Too many loads are under way already.")

    def _resume(self, flow: Flow[Any], step: Step) -> None:
        go_on, given = self._do(flow, step)
        # Whoever waits for the flow has been told of the exception.
        with contextlib.suppress(Exception):
            self._drive(flow, go_on, given)

    def _drive(self, flow: Flow[T], go_on: GoOn, given: Any) -> T:
        while True:
            try:
                step = go_on(given)
            except StopIteration as end:
                result: T = end.value
                return result
            go_on, given = self._do(flow, step)

    def _do(self, flow: Flow[Any], step: Step) -> tuple[GoOn, Any]:
        """Do one step, and return how the flow goes on."""
        try:
            return flow.send, self._call(step) if type(step) is Call else self._do_rare(step)
        except BaseException as error:  # noqa: BLE001 - the flow decides what to do about it
            return flow.throw, error

    def _do_rare(self, step: Step) -> Any:
        match step:
            case Load(loader, name):
                with loading_of(name):
                    return loader()
            case Wait(future, seconds):
                return wait_for(future, seconds)
            case Spawn(flow):
                return self._pool.submit(partial(self._run_apart, flow))

    def _run_apart(self, flow: Flow[Any]) -> None:
        """Run a flow that is no part of the load that wanted it."""
        with loading_nothing():
            self.run(flow)

    def _call(self, call: Call) -> Any:
        gate, server = self._gate, self._server
        if server is None:
            return FAILED
        if not gate.admits(call):
            gate.skipped(call)
            return FAILED
        began = perf_counter() if self.on_read is not None else 0.0
        try:
            try:
                answer = call.run(server)
            except NoScriptError:
                answer = call.run(server.by_text)
        except FAILURES as error:
            gate.failed(call, error)
            return FAILED
        gate.succeeded(call)
        if self.on_read is not None and call.kind == "read" and len(call.keys) == 1:
            self.on_read(call.keys[0], began, perf_counter())
        return answer


def wait_for(future: Future[Any], seconds: float) -> bool:
    """Wait for a future, and tell whether it is done."""
    with contextlib.suppress(TimeoutError):
        future.exception(seconds)
    return future.done()
