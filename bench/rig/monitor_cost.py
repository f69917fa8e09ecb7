"""The whole monitor's cost: two children at 500 tasks a second each, the broker, the sampler."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import redis
from pydantic import SecretStr

from bench.harness import Row
from bench.rig.monitor_child import ask
from bench.rig.monitor_observe import PEER
from bench.rig.monitor_watch import seconds_of_an_evaluation
from dbsbm.db import migrate
from dbsbm.db.engine import Database
from dbsbm.monitor.counting.recorder import Recorder
from dbsbm.monitor.store.rollup import roll_up
from dbsbm.monitor.store.sampler import sample
from tests.servers import (
    BROKER_OPTIONS,
    DatabaseServer,
    ValkeyServer,
    start_mariadb,
    start_valkey,
)

RATE, CHILDREN = 1000, 2
SAMPLE_SECONDS = 30.0
"""The interval of the schedule's `metric-sample` and `alerts`."""


def rows(*, quick: bool) -> Iterator[Row]:
    """Share of one processor, in percent; where it goes; and what it is when switched off."""
    seconds = 21.0 if quick else 62.0  # two deliveries, and six
    with tempfile.TemporaryDirectory() as folder:
        with (
            start_valkey(Path(folder) / "broker", *BROKER_OPTIONS) as broker,
            start_mariadb(Path(folder) / "database") as server,
            server.fresh_database() as url,
        ):
            migrate.upgrade(SecretStr(url))
            database = Database(SecretStr(url))
            servers = [psutil.Process(each.pid) for each in (broker, server)]
            idle = _cpu(servers)
            off = _load("off", seconds, {})
            idle = _cpu(servers) - idle
            on, sampler, sampled, busy = _measured(database, broker, servers, seconds)
            database.dispose()
            alerts = _alerts(server, servers)
        files = Path(folder) / "files"
        files.mkdir()
        peer = _load("prometheus", seconds, {"PROMETHEUS_MULTIPROC_DIR": str(files)})
    children = on - off
    served = (busy - idle) / seconds + sampled
    yield Row(
        f"the whole monitor at {RATE:,} tasks a second, of one processor",
        (children + sampler + served + alerts) * 100,
        "%",
        floor=3,
        aim=1,
        peers={f"{PEER}, counting alone": (peer - off) * 100},
    )
    for name, share in (
        ("the counting processes", children),
        ("the sampler and the roll-up", sampler),
        ("the broker and the database", served),
        ("the alerts, all rules twice a minute", alerts),
    ):
        yield Row(f"of that {name}", share * 100, "%")
    yield Row(
        "ENABLE_PERFORMANCE_MONITORING=false, a call that counts",
        _call_while_off(),
        "ns",
        aim=200,
    )


def _load(contender: str, seconds: float, env: dict[str, str]) -> float:
    """Processor seconds a second of all children together."""
    with ThreadPoolExecutor(CHILDREN) as pool:
        shares = pool.map(
            lambda _: ask("monitor_load", contender, RATE // CHILDREN, seconds, env=env),
            range(CHILDREN),
        )
        return float(sum(shares))


def _measured(
    database: Database, broker: ValkeyServer, servers: list[psutil.Process], seconds: float
) -> tuple[float, float, float, float]:
    """Processor seconds a second of the children, the sampler, and the servers for the sampler.

    The last are the servers' seconds for all else.
    """
    client = redis.Redis.from_url(broker.url)
    recorder = Recorder(client, flush_seconds=3600)
    _sample(database, client, recorder)
    before = _cpu(servers)
    sampling, serving, samples = 0.0, 0.0, 0

    def sample_once() -> None:
        nonlocal sampling, serving, samples
        began = _cpu(servers)
        sampling += _sample(database, client, recorder)
        serving += _cpu(servers) - began
        samples += 1

    with ThreadPoolExecutor(1) as pool:
        load = pool.submit(_load, "on", seconds, {"BENCH_BROKER": broker.url})
        due = time.monotonic() + min(SAMPLE_SECONDS, seconds / 2)
        while not load.done():
            time.sleep(0.1)
            if time.monotonic() >= due:
                sample_once()
                due += min(SAMPLE_SECONDS, seconds / 2)
        on = load.result()
    sample_once()
    busy = _cpu(servers) - before - serving
    recorder.close()
    # A quick run samples more often than the fleet does: what a sample costs is what counts.
    each = 1 / samples / SAMPLE_SECONDS
    return on, sampling * each, serving * each, busy


def _sample(database: Database, client: redis.Redis, recorder: Recorder) -> float:
    """Processor seconds of this process for one sample and what it has rolled up."""
    began = time.thread_time()
    sample(database, client, client, recorder, queues=("images",))
    roll_up(database)
    return time.thread_time() - began


def _alerts(server: DatabaseServer, servers: list[psutil.Process]) -> float:
    """Processor seconds a second of evaluating the rules over a busy fleet's last hours."""
    with server.fresh_database() as url:
        migrate.upgrade(SecretStr(url))
        database = Database(SecretStr(url))
        seconds = seconds_of_an_evaluation(database, servers, runs=10)
        database.dispose()
    return seconds / SAMPLE_SECONDS


def _cpu(processes: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def _call_while_off() -> float:
    """Nanoseconds of a call on a recorder that is not enabled."""
    recorder = Recorder(None, enabled=False)
    calls = 100_000
    began = time.thread_time_ns()
    for _ in range(calls):
        recorder.observe("task.run", 1.0, task="t", queue="q")
    return (time.thread_time_ns() - began) / calls
