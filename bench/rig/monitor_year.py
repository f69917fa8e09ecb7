"""What a year of a busy fleet weighs in MariaDB, and how fast a chart of it is read."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import insert, text

from bench.harness import Row, percentile
from dbsbm.db import migrate
from dbsbm.db.engine import Database
from dbsbm.db.models import MetricSeries
from dbsbm.monitor.counting.series import Kind
from dbsbm.monitor.counting.sketch import Sketch
from dbsbm.monitor.counting.stats import Stats
from dbsbm.monitor.store.condense import merged
from dbsbm.monitor.store.history import History
from dbsbm.monitor.store.points import insert_points
from dbsbm.monitor.store.resolutions import RETENTION, floor
from dbsbm.monitor.store.rows import QUANTILES, Stat
from tests.servers import start_mariadb

SERIES = 500
"""Series that are measured every minute: a busy fleet has so many."""
SPLITS = 66
"""Totals by a label that are stored beside them."""
STORED = SERIES + SPLITS
DISTRIBUTIONS = 250
"""Of them those with a sketch, 50 of the totals too; the others are counters and gauges."""
PER_MINUTE = 100
"""Values of one distribution in a minute."""
BUDGET_MIB = 1280
"""What the store may weigh, however long it runs: nothing is kept longer than 400 days."""
CHARTED = 26
"""Series of the metric that is charted: a total and 25 label sets."""


def rows(*, quick: bool) -> Iterator[Row]:
    """Bytes a year, and the server's time for a year's chart."""
    scale = 8 if quick else 2  # one series in so many is written, and the bytes are multiplied
    with (
        tempfile.TemporaryDirectory() as folder,
        start_mariadb(Path(folder)) as server,
        server.fresh_database() as url,
    ):
        migrate.upgrade(SecretStr(url))
        database = Database(SecretStr(url))
        now = floor(datetime.now(UTC), 86_400)
        _register(database, now)
        sizes = _fill(database, now, STORED // scale, DISTRIBUTIONS // scale)
        yield from _sizes(sizes, scale)
        yield from _charts(database, now, 30 if quick else 200)
        database.dispose()


def _register(database: Database, now: datetime) -> None:
    """One metric of `CHARTED` series, and the others."""
    year_ago = now - timedelta(days=400)
    values = [
        {
            "id": number + 1,
            "name": "task.run" if number < CHARTED else f"metric.{number}",
            "labels": f"task=t{number}" if 0 < number < CHARTED else "",
            "kind": Kind.DISTRIBUTION.value,
            "first_seen": year_ago,
            "last_seen": now,
        }
        for number in range(STORED)
    ]
    database.transact(lambda session: [session.execute(insert(MetricSeries), values)])


def _fill(
    database: Database, now: datetime, series: int, distributions: int
) -> Mapping[int, tuple[int, float]]:
    """Fill each resolution as far as it is kept; returns rows and bytes of each.

    Of the finer two a part of the time is enough: their rows are alike.
    """
    sizes = {}
    pool = _sketches(60)
    kept = {60: 120, 600: 144, 3600: 360, 86_400: 400}
    for resolution in RETENTION:
        before = _bytes(database)
        choose = _chooser(pool, resolution)
        for number in range(kept[resolution]):
            start = now - timedelta(seconds=resolution * (number + 1))
            found = {
                series_id: choose() if series_id <= distributions else Stats(9, 9.5, 0, 3, 1)
                for series_id in range(1, max(series, CHARTED) + 1)
            }
            database.transact(lambda s: insert_points(s, resolution, start, found))  # noqa: B023 - run at once
        pool = [choose() for _ in range(30)]
        written = kept[resolution] * max(series, CHARTED)
        sizes[resolution] = (written, _bytes(database) - before)
    return sizes


def _sketches(count: int) -> list[Stats]:
    dice = random.Random(7)
    found: list[Stats] = []
    for _ in range(count):
        sketch = Sketch()
        sketch.add_all([dice.lognormvariate(-4, 1.0) for _ in range(PER_MINUTE)])
        found.append(sketch)
    return found


def _chooser(pool: list[Stats], resolution: int) -> Callable[[], Stats]:
    """What makes a point of a resolution: as many of the finer ones as it is made of."""
    dice = random.Random(resolution)
    parts = {60: 1, 600: 10, 3600: 6, 86_400: 24}[resolution]
    ready = [merged(dice.choices(pool, k=parts)) for _ in range(30)]
    return lambda: dice.choice(ready)


def _bytes(database: Database) -> float:
    with database.read() as session:
        session.execute(text("ANALYZE TABLE metric_points"))
        found = session.execute(
            text(
                "SELECT data_length + index_length FROM information_schema.tables "
                "WHERE table_schema = DATABASE() AND table_name = 'metric_points'"
            )
        )
        return float(found.scalar_one())


def _sizes(sizes: Mapping[int, tuple[int, float]], scale: int) -> Iterator[Row]:
    total = 0.0
    for resolution, (written, size) in sizes.items():
        row_bytes = size / written
        total += row_bytes * STORED * RETENTION[resolution].total_seconds() / resolution
        yield Row(f"bytes of a point of {resolution} s, with its indexes", row_bytes, "B")
    yield Row(
        f"a year of {SERIES} series a minute in MariaDB, from one in {scale}",
        total / 2**20,
        "MiB",
        floor=BUDGET_MIB,
        aim=BUDGET_MIB,
    )


def _charts(database: Database, now: datetime, calls: int) -> Iterator[Row]:
    history = History(database, now=lambda: now)
    spread: tuple[Stat, ...] = ("p50", "p95", "p99")
    asked: tuple[tuple[str, int, tuple[str, ...], tuple[Stat, ...]], ...] = (
        ("a year, three quantiles", 365, (), spread),
        ("thirty days, three quantiles", 30, (), spread),
        ("a week, three quantiles", 7, (), spread),
        ("a year by 25 tasks, one quantile", 365, ("task",), ("p95",)),
    )
    for name, days, by, stats in asked:
        taken = []
        for _ in range(max(5, calls // 5) if by else calls):
            began = time.perf_counter()
            found = history.series("task.run", now - timedelta(days=days), now, by=by, only=stats)
            for series in found:
                for point in series.points:
                    point.quantiles(*(QUANTILES[stat] for stat in stats))
            taken.append((time.perf_counter() - began) * 1000)
        yield Row(
            f"History.series of {name} a point, p95",
            percentile(taken, 95),
            "ms",
            # No chart has so many lines: the dashboard's own are held to the floor by its bench.
            floor=None if by else 200,
            aim=None if by else 50,
            runs=len(taken),
        )
