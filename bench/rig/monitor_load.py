"""`on|off|prometheus TASKS SECONDS`: what a paced load of tasks costs a forked child to measure.

A task is what it is in the fleet: it ran, it waited, it asked the database twice for some rows, and
it counted a hit and a miss of the cache. Who listens to the engine is called as SQLAlchemy does it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from time import perf_counter
from types import SimpleNamespace

import redis
from sqlalchemy import create_engine

from bench.rig.monitor_child import in_fork
from dbsbm.cache.categories import Category
from dbsbm.cache.stats import Stats
from dbsbm.monitor.counting.recorder import NullRecorder, Recorder
from dbsbm.monitor.readings.cache_counts import watch_cache
from dbsbm.monitor.readings.queries import QueryTimer
from dbsbm.monitor.readings.statements import StatementTexts
from dbsbm.monitor.readings.tasks import TaskWatch
from dbsbm.optimizer.repetition import watch as repetition

TASKS = [f"tasks.room{number}.do" for number in range(12)]
FINGERPRINTS = [f"{number:016x}" for number in range(30)]
SLICE = 0.01


def with_recorder(recorder: Recorder, broker: redis.Redis | None) -> Callable[[int], None]:
    """Measure a task as the fleet does, and see whether it repeats a statement once a row."""
    tasks, is_on, cache = TaskWatch(recorder), recorder.enabled, Stats()
    watch_cache(cache, recorder)
    timer = QueryTimer(
        create_engine("sqlite://"),
        recorder,
        slow_query_seconds=1.0,
        texts=None if broker is None else StatementTexts(broker),
        on_statement=repetition.StatementCalls("mysql"),
    )
    texts = [f"SELECT c{each} FROM bets WHERE id = %s" for each in FINGERPRINTS]
    # SQLAlchemy makes these anyway.
    cursor, context = SimpleNamespace(rowcount=1), SimpleNamespace(execution_options={})

    def measure(number: int) -> None:
        seconds = 0.001 * (number % 211 + 1)
        name = TASKS[number % len(TASKS)]
        calls, token = repetition.open_scope()
        for turn in (0, 7):
            text, values = texts[(number + turn) % len(FINGERPRINTS)], (number,)
            timer.before(None, cursor, text, values, context, _many=False)
            timer.after(None, cursor, text, values, context, _many=False)
        cache.local_hits(Category.GAME_DATA, 1, 100)
        cache.missed(Category.GAME_DATA)
        repeated = repetition.close_scope(calls, token)
        if repeated:
            repetition.record(recorder, name, repeated)
        tasks.ended(
            name,
            "images",
            "ok",
            at=perf_counter(),
            run_seconds=seconds,
            wait_seconds=seconds / 2,
        )

    def count_in_the_cache(_number: int) -> None:
        """What is done anyhow: the cache counts for itself, and the recorder asks it."""
        cache.local_hits(Category.GAME_DATA, 1, 100)
        cache.missed(Category.GAME_DATA)

    return measure if is_on else count_in_the_cache


def with_prometheus() -> Callable[[int], None]:
    """The same measurements with the peer."""
    from prometheus_client import Counter, Histogram  # noqa: PLC0415 - decides by the environment

    run = Histogram("task_run", "Seconds.", ["task", "queue", "outcome"])
    wait = Histogram("task_wait", "Seconds.", ["task", "queue"])
    query = Histogram("db_query", "Seconds.", ["fingerprint", "verb", "table"])
    hits = Counter("cache_hits", "Hits.", ["category"])
    misses = Counter("cache_misses", "Misses.", ["category"])

    def measure(number: int) -> None:
        seconds = 0.001 * (number % 211 + 1)
        task = TASKS[number % len(TASKS)]
        run.labels(task, "images", "ok").observe(seconds)
        wait.labels(task, "images").observe(seconds / 2)
        for turn in (0, 7):
            fingerprint = FINGERPRINTS[(number + turn) % len(FINGERPRINTS)]
            query.labels(fingerprint, "select", "bets").observe(seconds / 5)
        hits.labels("game_data").inc()
        misses.labels("game_data").inc()

    return measure


def processor_seconds(measure: Callable[[int], None], rate: int, seconds: float) -> float:
    """Processor time of this process a second, while `rate` tasks a second are measured."""
    began, cpu = time.perf_counter(), time.process_time()
    done = 0
    while (passed := time.perf_counter() - began) < seconds:
        while done < passed * rate:
            measure(done)
            done += 1
        time.sleep(SLICE)
    return (time.process_time() - cpu) / seconds


def _measure(contender: str) -> Callable[[int], None]:
    if contender == "prometheus":
        return with_prometheus()
    if contender == "off":
        return with_recorder(NullRecorder(), None)
    broker = redis.Redis.from_url(os.environ["BENCH_BROKER"])
    return with_recorder(Recorder(broker), broker)


if __name__ == "__main__":
    name, tasks, duration = sys.argv[1:]
    measure_one = _measure(name)
    print(json.dumps(in_fork(lambda: processor_seconds(measure_one, int(tasks), float(duration)))))
