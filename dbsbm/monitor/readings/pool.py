"""How long a process waits for a free database connection.

SQLAlchemy's pool has no event for "asked"; `Pool.connect` is where the asking starts, so the pool
class that measures overrides it and is handed to `create_engine(poolclass=...)`.
"""

from __future__ import annotations

import threading
from time import perf_counter

from sqlalchemy import Engine, event
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import PoolProxiedConnection, QueuePool

from dbsbm.monitor.counting.recorder import Recorder

LONG_WAIT_SECONDS = 0.05
"""A wait that a member would notice in a chain of transactions."""


class _Connecting(threading.local):
    """Seconds this thread spent opening connections, which is no fault of the pool's size."""

    started = 0.0
    seconds = 0.0


_connecting = _Connecting()


def timed_pool(recorder: Recorder) -> type[QueuePool]:
    """The pool class that records each wait as `db.pool_wait`, and the long ones among them.

    The time to open a new connection is left out where `watch_pool` sees the engine.
    """

    class TimedQueuePool(QueuePool):
        """A QueuePool that times its check-outs."""

        def connect(self) -> PoolProxiedConnection:
            _connecting.seconds = 0.0
            started = perf_counter()
            try:
                connection = super().connect()
            except PoolTimeout:
                recorder.add("db.pool_timeouts")
                _record(recorder, perf_counter() - started)
                raise
            _record(recorder, perf_counter() - started - _connecting.seconds)
            return connection

    return TimedQueuePool


def watch_pool(engine: Engine, recorder: Recorder) -> None:
    """Time the opening of connections, and read the pool's gauges before each delivery."""
    event.listen(engine, "do_connect", _start_connecting)
    event.listen(engine, "connect", _end_connecting)
    recorder.add_source(lambda: _read_gauges(engine, recorder))


def _record(recorder: Recorder, seconds: float) -> None:
    recorder.observe("db.pool_wait", seconds)
    if seconds > LONG_WAIT_SECONDS:
        recorder.add("db.pool_wait_long")


def _start_connecting(*_: object) -> None:
    _connecting.started = perf_counter()


def _end_connecting(*_: object) -> None:
    _connecting.seconds += perf_counter() - _connecting.started


def _read_gauges(engine: Engine, recorder: Recorder) -> None:
    pool = engine.pool
    if not isinstance(pool, QueuePool) or not pool.checkedin() + pool.checkedout():
        return
    recorder.gauge("db.pool.size", pool.size())
    recorder.gauge("db.pool.checked_out", pool.checkedout())
    recorder.gauge("db.pool.overflow", max(0, pool.overflow()))
