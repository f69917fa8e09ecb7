"""How long the dashboard's server takes for a chart of a year, and for another range of any chart.

Real MariaDB with a year of points, the real application over TCP, one request after another; every
request reads anew. The time is from sending the request to having its answer, so it holds the HTTP
of both sides, too.
"""

from __future__ import annotations

import asyncio
import gc
import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from aiohttp import web
from pydantic import SecretStr
from sqlalchemy import insert

from bench.harness import Row, percentile, progress
from dbsbm.dashboard.app import Access, make_app
from dbsbm.dashboard.data import Pace
from dbsbm.dashboard.reading.span import RANGES
from dbsbm.dashboard.reading.tables import Sources
from dbsbm.dashboard.views.sections import SECTIONS
from dbsbm.db import migrate
from dbsbm.db.engine import Database
from dbsbm.db.models import MetricSeries
from dbsbm.monitor.counting.series import Kind, labels_text, parse_labels
from dbsbm.monitor.counting.sketch import Sketch
from dbsbm.monitor.store.history import History
from dbsbm.monitor.store.points import packed as pack
from dbsbm.monitor.store.resolutions import floor
from dbsbm.monitor.store.rows import QUANTILES
from dbsbm.monitor.store.splits import split_name, splits_of
from tests.servers import free_port, start_mariadb

USER, PASSWORD = "operator", "a password for the bench"
TASKS = 17
"""Tasks of the fleet, each in one of five queues."""
FINGERPRINTS = 60
"""Statements that run in every minute."""

_QUEUES = ("interactive", "images", "fetch", "deliver", "maintenance")
_TABLES = ("bets", "games", "outbox", "schedule_slots", "members", "interactions")
# Seconds of a point -> the longest range that is read in it, and some.
_READ = {
    60: timedelta(hours=6.5),
    600: timedelta(days=7.5),
    3600: timedelta(days=31),
    86_400: timedelta(days=400),
}
_INSERT = f"INSERT INTO metric_points VALUES ({', '.join(['%s'] * 12)})"
_PARTS = {60: 1, 600: 10, 3600: 6, 86_400: 24}


class SeriesRow(NamedTuple):
    """A series, and how many label sets are counted in it."""

    name: str
    labels: str
    kind: Kind
    sets: int


def rows(*, quick: bool) -> Iterator[Row]:
    """The first chart of each section over a year, and any chart over any range."""
    requests = 60 if quick else 300
    with (
        tempfile.TemporaryDirectory() as folder,
        start_mariadb(Path(folder)) as server,
        server.fresh_database() as url,
    ):
        migrate.upgrade(SecretStr(url))
        database = Database(SecretStr(url))
        _fill(database, floor(datetime.now(UTC), 60), thinned=4 if quick else 1)
        with _served(database) as client:
            yield from _measured(client, requests)
        database.dispose()


def _measured(client: httpx.Client, requests: int) -> Iterator[Row]:
    dice = random.Random(3)
    sections = [section for section in SECTIONS.values() if section.charts]
    first = [(section.charts[0].id, "1y") for section in sections]
    every = [
        (chart.id, name) for section in sections for chart in section.charts for name in RANGES
    ]
    yield _row("first chart of a section, a year", _times(client, first, requests, dice), 300, 100)
    yield _row("another range of any chart", _times(client, every, requests, dice), 200, 50)


def _times(
    client: httpx.Client, asked: Sequence[tuple[str, str]], requests: int, dice: random.Random
) -> list[float]:
    """Milliseconds of each request, for each chart and range in turn."""
    taken: list[tuple[float, str, str]] = []
    for number in range(requests):
        if number % len(asked) == 0:
            order = dice.sample(asked, len(asked))
        chart, span = order[number % len(asked)]
        began = time.perf_counter()
        answer = client.get(f"/data/chart/{chart}", params={"range": span})
        taken.append(((time.perf_counter() - began) * 1000, chart, span))
        assert answer.json()["lines"], f"{chart} of {span} shows nothing"
    slowest = sorted(taken, reverse=True)[:5]
    progress("slowest: " + ", ".join(f"{chart} {span} {ms:.0f} ms" for ms, chart, span in slowest))
    return [ms for ms, _, _ in taken]


def _row(name: str, milliseconds: Sequence[float], floor_ms: float, aim_ms: float) -> Row:
    low, middle, high = (percentile(milliseconds, each) for each in (25, 50, 75))
    return Row(
        f"dashboard with a year of history: {name}, p95",
        percentile(milliseconds, 95),
        "ms",
        floor=floor_ms,
        aim=aim_ms,
        runs=len(milliseconds),
        spread=(high - low) / middle,
    )


@contextmanager
def _served(database: Database) -> Iterator[httpx.Client]:
    """A client that has logged in to a dashboard that reads for every request."""
    access = Access(USER, SecretStr(PASSWORD), SecretStr("k" * 40))
    app = make_app(access, Sources(History(database), database), pace=Pace(fresh=0.0))
    gc.freeze()  # as it does when it begins to serve
    runner, port, loop = web.AppRunner(app), free_port(), asyncio.new_event_loop()

    async def start() -> None:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60
        ) as client:
            form = client.get("/login").text
            token = form.partition('name="token" value="')[2].partition('"')[0]
            client.post("/login", data={"user": USER, "password": PASSWORD, "token": token})
            yield client
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        gc.unfreeze()


def _fill(database: Database, now: datetime, *, thinned: int) -> None:
    """Every point that a range may ask for; of ten minutes' points one in `thinned`.

    Finer points than a range is read in lie elsewhere in the table, and are left out.
    """
    series = list(_series())
    values: list[dict[str, Any]] = [
        {
            "id": number,
            "name": name,
            "labels": labels,
            "kind": kind.value,
            "first_seen": now - timedelta(days=400),
            "last_seen": now,
        }
        for number, (name, labels, kind, _) in enumerate(series, 1)
    ]
    database.transact(lambda session: [session.execute(insert(MetricSeries), values)])
    pool = _sketches(60)
    for resolution, longest in _READ.items():
        pool = _merged(pool, _PARTS[resolution])
        packed = [(each, (pack(each), *each.quantiles(*QUANTILES.values()))) for each in pool]
        last = floor(now, resolution)
        steps = range(1, int(longest.total_seconds()) // resolution + 1)
        written = steps[::thinned] if resolution == 600 else steps
        for chunk in range(0, len(written), 20):
            found = [
                row
                for step in written[chunk : chunk + 20]
                for row in _points(series, packed, resolution, last, step)
            ]
            _insert(database, found)
        progress(f"{len(written) * len(series):,} points of {resolution} s")


def _insert(database: Database, found: Sequence[tuple[Any, ...]]) -> None:
    """Many rows at a time, without what an ORM does for each."""
    connection = database.engine.raw_connection()
    try:
        connection.cursor().executemany(_INSERT, found)
        connection.commit()
    finally:
        connection.close()


def _points(
    series: Sequence[SeriesRow],
    packed: Sequence[tuple[Sketch, tuple[Any, ...]]],
    resolution: int,
    last: datetime,
    step: int,
) -> Iterator[tuple[Any, ...]]:
    start = (last - timedelta(seconds=resolution * step)).replace(tzinfo=None)
    for number, (_, _, kind, sets) in enumerate(series, 1):
        if kind is Kind.DISTRIBUTION:
            stats, sketch = packed[(number * 7 + step) % len(packed)]
            count, total = stats.count * sets, stats.total * sets
            exact = (count, total, stats.low, stats.high, stats.last)
        else:
            exact = (9 * sets, (9.5 + step % 3) * sets, 0.0, 3.0, 1.0)
            sketch = (None, None, None, None)
        yield (number, resolution, start, *exact, *sketch)


def _sketches(count: int) -> list[Sketch]:
    dice = random.Random(7)
    found = []
    for _ in range(count):
        sketch = Sketch()
        sketch.add_all([dice.lognormvariate(-4, 1.0) for _ in range(100)])
        found.append(sketch)
    return found


def _merged(pool: Sequence[Sketch], parts: int) -> list[Sketch]:
    dice = random.Random(parts)
    found = []
    for _ in pool:
        whole = Sketch()
        for part in dice.choices(pool, k=parts):
            whole.merge(part)
        found.append(whole)
    return found


def _series() -> Iterator[SeriesRow]:
    """Every label set of the metrics that the sections' charts show, and the totals of each."""
    seen = {(name, labels_text(labels.items())): kind for name, labels, kind in _label_sets()}
    sets: Counter[tuple[str, str, Kind]] = Counter()
    for (name, text), kind in seen.items():
        sets.update((name, each, kind) for each in {text, ""})
        for label in splits_of(name):
            value = [(label, parse_labels(text).get(label, ""))]
            sets[split_name(name, label), labels_text(value), kind] += 1
    return (SeriesRow(*series, count) for series, count in sets.items())


def _label_sets() -> Iterator[tuple[str, dict[str, str], Kind]]:
    yield from _of_tasks()
    yield from _of_queries()
    yield from _of_the_rest()


def _of_tasks() -> Iterator[tuple[str, dict[str, str], Kind]]:
    for number in range(TASKS):
        labels = {"task": f"tasks.t{number}", "queue": _QUEUES[number % 5]}
        yield "task.wait", labels, Kind.DISTRIBUTION
        for outcome in ("ok", "retry", "failed"):
            yield "task.run", {**labels, "outcome": outcome}, Kind.DISTRIBUTION
        yield "task.failures", {"task": labels["task"], "error": "TransientError"}, Kind.COUNTER
        yield "task.retries", {"task": labels["task"]}, Kind.COUNTER
    for queue in _QUEUES:
        yield "queue.length", {"queue": queue}, Kind.GAUGE
        yield "queue.oldest_wait", {"queue": queue}, Kind.GAUGE


def _of_queries() -> Iterator[tuple[str, dict[str, str], Kind]]:
    for number in range(FINGERPRINTS):
        labels = {"fingerprint": f"f{number:04}"}
        verb = ("SELECT", "INSERT", "UPDATE", "DELETE")[number % 4]
        more = {"verb": verb, "table": _TABLES[number % 6]}
        yield "db.query", {**labels, **more}, Kind.DISTRIBUTION
        yield "db.rows", labels, Kind.DISTRIBUTION
        yield "db.errors", {**labels, "error": f"E{number % 3}"}, Kind.COUNTER
    yield "db.pool_wait", {}, Kind.DISTRIBUTION


def _of_the_rest() -> Iterator[tuple[str, dict[str, str], Kind]]:
    for number in range(12):
        provider = {"provider": ("espn", "apisports")[number % 2]}
        for outcome in ("ok", "timeout"):
            endpoint = {"endpoint": f"e{number}", "outcome": outcome}
            yield "provider.call", {**provider, **endpoint}, Kind.DISTRIBUTION
        yield "provider.cost", provider, Kind.COUNTER
        yield "provider.quota_left", provider, Kind.GAUGE
        yield "discord.rest", {"route": f"r{number}", "outcome": "200"}, Kind.DISTRIBUTION
        yield "discord.ack", {"command": f"c{number}"}, Kind.DISTRIBUTION
        category = {"category": f"category{number}"}
        for name in ("hits", "misses", "stale", "evictions"):
            yield f"cache.{name}", {**category, "level": "l2"}, Kind.COUNTER
        yield "cache.load_seconds", category, Kind.DISTRIBUTION
        yield "cache.bytes", category, Kind.GAUGE
        role = {"role": f"role{number % 6}"}
        for name in ("memory_bytes", "cpu_percent"):
            yield f"process.{name}", {**role, "process": f"p{number}"}, Kind.GAUGE
        yield "process.count", role, Kind.GAUGE
    for name in ("cpu_percent", "memory_percent", "disk_percent"):
        yield f"system.{name}", {"host": "one"}, Kind.GAUGE
    for name in (
        "cache.used_bytes",
        "cache.max_bytes",
        "broker.used_bytes",
        "database.connections",
    ):
        yield name, {}, Kind.GAUGE
    yield "bot.loop_lag", {}, Kind.DISTRIBUTION
