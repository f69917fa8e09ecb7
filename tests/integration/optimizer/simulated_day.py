"""A day of a fleet, as its monitor would have stored it: games at night, restarts, quiet hours.

The clock is a fixed noon, so that nothing depends on when the test runs. What is written are the
points that minutes were rolled up to: ten minutes of the last day, hours of the two weeks before.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import exp

from sqlalchemy.orm import Session

from dbsbm.db.engine import Database
from dbsbm.db.models import MetricBatch, MetricSeries, ScheduleSlot
from dbsbm.monitor.counting.series import Kind, labels_text
from dbsbm.monitor.counting.sketch import Sketch
from dbsbm.monitor.counting.stats import Stats
from dbsbm.monitor.store.condense import SeriesKey
from dbsbm.monitor.store.points import insert_points
from dbsbm.monitor.store.resolutions import HOUR, MINUTE, TEN_MINUTES

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
STEPS = 144
DAYS_BEFORE = 14
MIB = 1024.0**2
GIB = 1024.0**3

Place = int
"""A step of the day: 0 begins 24 hours ago, 143 ends now."""


def traffic(place: Place) -> float:
    """Commands in ten minutes: few at noon, many around the games of the evening and night."""
    hour = (12 + place / 6) % 24
    games = exp(-(((hour - 2) / 2.5) ** 2)) + exp(-(((hour - 26) / 2.5) ** 2))
    return 4 + 120 * games


@dataclass
class Day:
    """What is measured, by series and start. A fault changes it before it is stored."""

    seed: int = 7
    points: dict[tuple[int, datetime], dict[SeriesKey, Stats]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    slots: list[ScheduleSlot] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def steps(self) -> Iterator[tuple[Place, datetime]]:
        for place in range(STEPS):
            yield place, NOW - timedelta(minutes=10 * (STEPS - place))

    def hours(self) -> Iterator[tuple[float, datetime]]:
        """Days since the first one, and the time."""
        for hour in range(24 * DAYS_BEFORE):
            yield hour / 24, NOW - timedelta(hours=24 * DAYS_BEFORE - hour)

    def count(self, at: datetime, name: str, amount: float, /, **labels: str) -> None:
        self._put(TEN_MINUTES, at, Kind.COUNTER, name, labels, [amount])

    def gauge(
        self,
        at: datetime,
        name: str,
        value: float,
        /,
        *,
        resolution: int = TEN_MINUTES,
        **labels: str,
    ) -> None:
        self._put(resolution, at, Kind.GAUGE, name, labels, [value] * (resolution // 30))

    def observe(self, at: datetime, name: str, values: list[float], /, **labels: str) -> None:
        self._put(TEN_MINUTES, at, Kind.DISTRIBUTION, name, labels, values)

    def forget(self, name: str, **labels: str) -> None:
        """Take a metric out of the day, for a fault that replaces it."""
        wanted = labels.items()
        for found in self.points.values():
            for key in [key for key in found if key.name == name]:
                if all(f"{label}={value}" in key.labels.split(",") for label, value in wanted):
                    del found[key]

    def store(self, database: Database) -> None:
        """Write everything in one transaction."""
        batch = MetricBatch(id="a-day", taken_at=NOW - timedelta(hours=23, minutes=59), samples=0)
        last = MetricBatch(id="now", taken_at=NOW - timedelta(seconds=20), samples=0)

        def write(session: Session) -> None:
            session.add_all([batch, last, *self.slots])
            keys = sorted({key for found in self.points.values() for key in found})
            rows = [_series(key) for key in keys]
            session.add_all(rows)
            session.flush()
            ids = dict(zip(keys, (row.id for row in rows), strict=True))
            for (resolution, start), found in sorted(self.points.items()):
                by_id = {ids[key]: stats for key, stats in found.items()}
                insert_points(session, resolution, start, by_id)

        database.transact(write)

    def _put(
        self,
        resolution: int,
        at: datetime,
        kind: Kind,
        name: str,
        labels: Mapping[str, str],
        values: list[float],
    ) -> None:
        for text in {labels_text(labels.items()), ""}:
            key = SeriesKey(name, text, kind)
            found = self.points[resolution, at]
            if key not in found:
                found[key] = Sketch() if kind is Kind.DISTRIBUTION else Stats()
            found[key].add_all(values)


def _series(key: SeriesKey) -> MetricSeries:
    return MetricSeries(
        name=key.name,
        labels=key.labels,
        kind=key.kind.value,
        first_seen=NOW - timedelta(days=DAYS_BEFORE),
        last_seen=NOW,
    )


DEPLOYED = 60
"""The step in which all processes were restarted."""
OUTAGE = range(30, 33)
"""Steps in which the provider did not answer."""

# Task, queue, runs a command, runs a step whatever the traffic, and seconds of a run.
_TASKS = (
    ("tasks.bets.place", "interactive", 0.4, 0, 0.06),
    ("tasks.outbox.relay", "interactive", 0, 120, 0.02),
    ("tasks.discord.deliver", "deliver", 1.0, 0, 0.3),
    ("tasks.slips.render", "images", 0.4, 0, 0.35),
    ("tasks.games.show", "fetch", 0.4, 0, 0.2),
    ("tasks.games.refresh", "fetch", 0, 5, 2.0),
    ("tasks.monitor.sample", "maintenance", 0, 20, 0.4),
    ("tasks.bets.grade", "maintenance", 0, 10, 0.5),
    ("tasks.cache.warm", "maintenance", 0, 2, 6.0),
)
_PROCESSES = (
    *(("worker.front", name, 90) for name in ("1", "1.1", "1.2")),
    *(("worker.images", name, 190) for name in ("1", "1.1")),
    *(("worker.back", name, 100) for name in ("1", "1.1", "1.2")),
    *(("bot", "1", 70), ("beat", "1", 60)),
)
# Category, and what a command does to it: local hits, hits of the server, misses, stores, loads.
_CACHE = (
    ("game_data", 14, 6, 0.8, 0.8, 0.8),
    ("user_data", 3, 1, 0.3, 0.3, 0.5),
    ("guild_data", 2, 1, 0.1, 0.1, 0.2),
    ("db_query", 4, 2, 0.7, 0.7, 0.9),
    ("api_response", 0, 2, 0.2, 0.2, 0.2),
    ("image_cache", 0, 0.2, 0.4, 0.4, 0.4),
)
_WARMED = ("league_data", "team_data")


def healthy_day() -> Day:
    """Nothing is wrong with it; it had a deployment and an outage of a provider."""
    day = Day()
    for place, at in day.steps():
        commands = traffic(place)
        _tasks(day, place, at, commands)
        _caches(day, at, commands)
        _processes(day, place, at)
        _services(day, at, commands)
    for age, at in day.hours():
        _far_back(day, age, at)
    _schedule(day)
    return day


def _tasks(day: Day, place: Place, at: datetime, commands: float) -> None:
    for task, queue, per_command, fixed, seconds in _TASKS:
        runs = round(commands * per_command) + fixed
        outcome = "retry" if place in OUTAGE and task == "tasks.games.refresh" else "ok"
        spread = [seconds * day.chance.uniform(0.7, 1.6) for _ in range(runs)]
        if runs:
            day.observe(at, "task.run", spread, task=task, queue=queue, outcome=outcome)
            waits = [day.chance.expovariate(12) for _ in range(runs)]
            day.observe(at, "task.wait", waits, task=task, queue=queue)
        if commands > 100 and per_command:
            day.count(at, "task.wait_long", 1, queue=queue)


def _caches(day: Day, at: datetime, commands: float) -> None:
    for category, local, server, misses, sets, loads in _CACHE:
        size = 90_000 if category == "image_cache" else 3000
        for level, hits in (("process", local), ("server", server)):
            if hits:
                counted = {"category": category, "level": level}
                day.count(at, "cache.hits", round(commands * hits), **counted)
                day.count(at, "cache.bytes_read", round(commands * hits) * size, **counted)
        amounts = {"misses": misses, "sets": sets, "loads": loads, "refreshes": loads - misses}
        for name, each in amounts.items():
            day.count(at, f"cache.{name}", round(commands * each), category=category)
        day.count(at, "cache.bytes_written", round(commands * sets) * size, category=category)
        day.count(at, "cache.load_ns", round(commands * loads) * 2e7, category=category)
    for category in _WARMED:  # every five minutes, also at noon when few ask
        day.count(at, "cache.sets", 12, category=category)
        day.count(at, "cache.loads", 12, category=category)
        day.count(at, "cache.load_ns", 12 * 5e7, category=category)
        day.count(at, "cache.hits", round(commands / 4), category=category, level="process")


def _processes(day: Day, place: Place, at: datetime) -> None:
    age = place - DEPLOYED if place >= DEPLOYED else place + 40
    for role, process, mib in _PROCESSES:
        warm = 0.65 + 0.35 * min(1.0, age / 3)
        games = 8 * traffic(place) / 120
        value = (mib * warm + games + day.chance.uniform(-1, 1)) * MIB
        day.gauge(at, "process.memory_bytes", value, role=role, process=process)


def _services(day: Day, at: datetime, commands: float) -> None:
    day.observe(at, "db.pool_wait", [0.0] * round(200 + 20 * commands))
    day.count(at, "db.pool_wait_long", 1)
    for name, value in {
        "db.pool.size": 5,
        "db.pool.overflow": 0,
        "db.pool.checked_out": 0.05 + commands / 300,
        "database.connections": 24 + commands / 10,
        "database.max_connections": 151,
        "queue.unacknowledged": 0.5 + commands / 60,
        "cache.fragmentation": 1.15 + day.chance.uniform(0, 0.2),
        "cache.used_bytes": (60 + commands / 8) * MIB,
    }.items():
        day.gauge(at, name, value)
    # What a server counts is read minute by minute, as it begins anew with each start.
    day.gauge(at, "cache.evicted_keys", 1200, resolution=MINUTE)
    for command, share in (("bet", 0.4), ("games", 0.4), ("slip", 0.2)):
        number = round(commands * share)
        if number:
            answers = [0.3 + day.chance.expovariate(2) for _ in range(number)]
            day.observe(at, "discord.answer", answers, command=command)
            day.observe(at, "discord.ack", [0.12] * number, command=command)


def _far_back(day: Day, age: float, at: datetime) -> None:
    day.gauge(at, "provider.quota_left", _quota(at), resolution=HOUR, provider="apisports")
    if at.hour % 3:
        return
    evening = exp(-((((at.hour + 12) % 24 - 14) / 3) ** 2))
    noise = day.chance.gauss
    far: dict[str, float] = {
        "system.disk_free_bytes": (180 - 0.04 * age - 0.4 * evening + noise(0, 0.1)) * GIB,
        "system.memory_available_bytes": (3.1 - 0.3 * evening + noise(0, 0.05)) * GIB,
    }
    for name, value in far.items():
        day.gauge(at, name, value, resolution=HOUR, host="box")
    day.gauge(at, "broker.used_bytes", (6 + 9 * evening + noise(0, 0.3)) * MIB, resolution=HOUR)
    day.gauge(at, "broker.max_bytes", 256 * MIB, resolution=HOUR)
    # It grew for its first days and is as long as its retention now; the other grows for ever.
    points = min(age, 5) * 80 + noise(0, 3)
    day.gauge(at, "database.table_bytes", points * MIB, resolution=HOUR, table="metric_points")
    day.gauge(at, "database.table_bytes", (90 + age) * MIB, resolution=HOUR, table="bets")


def _quota(at: datetime, scale: float = 1.0) -> float:
    """What a plan of 100 calls has left at the end of an hour: most go at night and at its end."""
    hours = [9, 9, 8, 5, 2, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]
    mood = 1 + 0.15 * ((at.day * 7) % 5 - 2) / 2  # some days have more games
    return max(1.0, 100 - scale * mood * sum(hours[: at.hour + 1]))


_JOBS = (
    ("outbox-relay", 5, 0.3),
    ("metric-sample", 30, 1),
    ("grading", 60, 2),
    ("cache-warm", 300, 7),
)


def _schedule(day: Day) -> None:
    restart = NOW - timedelta(minutes=10 * (STEPS - DEPLOYED))
    for job, interval, seconds in _JOBS:
        for number in range(min(600, 86400 // interval)):
            due = NOW - timedelta(seconds=interval * (number + 1))
            is_missed = restart <= due < restart + timedelta(seconds=90)
            took = seconds * day.chance.uniform(0.5, 2)
            day.slots.append(slot(job, due, took, is_missed=is_missed))


def slot(job: str, due: datetime, seconds: float, *, is_missed: bool = False) -> ScheduleSlot:
    sent = due + timedelta(milliseconds=80)
    return ScheduleSlot(
        job=job,
        slot=due,
        state="missed" if is_missed else "done",
        beat="beat",
        attempts=1,
        created_at=due,
        sent_at=None if is_missed else sent,
        finished_at=due if is_missed else sent + timedelta(seconds=seconds),
    )
