"""ENABLE_PERFORMANCE_MONITORING=false costs nothing: nothing is attached, started or sent."""

from __future__ import annotations

import threading
from pathlib import Path

from sqlalchemy import QueuePool, text

from dbsbm.monitor.counting.recorder import Recorder
from tests.integration.services import Sent, services_on
from tests.servers import ValkeyServer

EVENTS = ("before_cursor_execute", "after_cursor_execute")


def listeners(engine: object) -> list[str]:
    """Where the monitor's functions among an engine's listeners come from."""
    dispatch = engine.dispatch  # type: ignore[attr-defined]
    functions = [each for name in EVENTS for each in getattr(dispatch, name)]
    modules = [getattr(each, "__module__", "") or type(each).__module__ for each in functions]
    return [module for module in modules if module.startswith("dbsbm.monitor")]


def test_nothing_is_attached_started_or_sent(
    migrated_sqlite_url: str,
    valkey_broker: ValkeyServer,
    valkey_cache: ValkeyServer,
    tmp_path: Path,
) -> None:
    found: dict[bool, tuple[bool, bool, int]] = {}
    for is_on in (True, False):
        before = {thread.name for thread in threading.enumerate()}
        with services_on(
            database=migrated_sqlite_url,
            broker=valkey_broker.url,
            cache=valkey_cache.url,
            data_dir=tmp_path,
            sent=Sent(),
            enable_performance_monitoring=is_on,
        ) as services:
            _ = services.providers, services.cache, services.delivery
            with services.database.read() as session:
                session.execute(text("SELECT 1"))
            services.recorder.start()
            services.recorder.observe("took", 1.0)
            services.recorder.wake()
            assert services.recorder.flush()
            pool = type(services.database.engine.pool)
            threads = {thread.name for thread in threading.enumerate()} - before
            found[is_on] = (
                bool(listeners(services.database.engine)),
                pool is not QueuePool,
                len(services.recorder._sources),
            )
            assert ("dbsbm-recorder" in threads) is is_on
            keys = valkey_broker.client().keys("dbsbm:metrics:*")
            assert bool(keys) is is_on
        valkey_broker.client().delete(*keys, "none")
    assert found[False] == (False, False, 0)
    assert found[True][:2] == (True, True)
    assert found[True][2] > 0


def test_a_recorder_that_is_off_keeps_nothing_of_what_it_is_told() -> None:
    recorder = Recorder(None, enabled=False)
    recorder.add_source(lambda: None)
    for number in range(1000):
        recorder.observe("took", 1.0, user=number)
        recorder.add("done", 1, user=number)
        recorder.gauge("length", 1, user=number)
        recorder.bind(("bound", {"user": number})).observe(0.0, 1.0)
    assert recorder._thread is None
    assert not recorder._sources
    assert not recorder.collect()
