"""Faults to plant into a simulated day: each with the rule and the object that must be told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

import redis

from dbsbm.cache.categories import Category
from dbsbm.cache.keys import Key
from dbsbm.monitor.store.resolutions import HOUR, MINUTE
from tests.integration.optimizer.simulated_day import (
    DEPLOYED,
    GIB,
    MIB,
    NOW,
    Day,
    slot,
    traffic,
)


class Fault(NamedTuple):
    """What is done to a day, and how it must be named."""

    rule: str
    object: str
    plant: Callable[[Day], None]


def cold_category(day: Day) -> None:
    for place, at in day.steps():
        day.count(at, "cache.misses", round(9 * traffic(place)), category="game_data")


def refused_values(day: Day) -> None:
    for _, at in day.steps():
        day.count(at, "cache.drops", 4, category="user_data")


def waiting_callers(day: Day) -> None:
    for place, at in day.steps():
        if traffic(place) > 60:
            day.count(at, "cache.loads", 5, category="session")
            day.count(at, "cache.load_ns", 5 * 6e8, category="session")
            day.count(at, "cache.waits", 60, category="session")
            day.count(at, "cache.hits", 500, category="session", level="server")


def warmed_for_nobody(day: Day) -> None:
    for _, at in day.steps():
        day.count(at, "cache.sets", 60, category="parlay_data")
        day.count(at, "cache.loads", 60, category="parlay_data")
        day.count(at, "cache.load_ns", 60 * 4e8, category="parlay_data")


def reloads(day: Day) -> None:
    for _, at in day.steps():
        day.count(at, "cache.loads", 300, category="guild_data")
        day.count(at, "cache.refreshes", 300, category="guild_data")
        day.count(at, "cache.load_ns", 300 * 2e8, category="guild_data")


def memory_in_pieces(day: Day) -> None:
    day.forget("cache.fragmentation")
    day.forget("cache.used_bytes")
    for _, at in day.steps():
        day.gauge(at, "cache.fragmentation", 2.1)
        day.gauge(at, "cache.used_bytes", 300 * MIB)


def evictions(day: Day) -> None:
    day.forget("cache.evicted_keys")
    for place, at in day.steps():
        day.gauge(at, "cache.evicted_keys", 1200 + 60 * place, resolution=MINUTE)


def leaked_connections(day: Day) -> None:
    day.forget("db.pool.checked_out")
    for place, at in day.steps():
        leaked = max(0, place - DEPLOYED) / 50
        day.gauge(at, "db.pool.checked_out", 0.05 + leaked + traffic(place) / 300)


def pool_waits(day: Day) -> None:
    for place, at in day.steps():
        day.count(at, "db.pool_wait_long", round(1.5 * traffic(place)))


def many_connections(day: Day) -> None:
    day.forget("database.connections")
    for place, at in day.steps():
        day.gauge(at, "database.connections", 80 + traffic(place) / 2)


def busy_images(day: Day) -> None:
    """The drawing takes ten times as long, in the games of the night."""
    for place, at in day.steps():
        runs = round(0.4 * traffic(place))
        labels = {"task": "tasks.slips.render", "queue": "images"}
        if runs > 20:
            day.observe(at, "task.run", [11.0] * runs, outcome="ok", **labels)
            day.observe(at, "task.wait", [3.0] * runs, **labels)
            day.count(at, "task.wait_long", runs, queue="images")


def long_refresh(day: Day) -> None:
    """A refresh of half a minute in the queue that members wait for."""
    for place, at in day.steps():
        day.observe(
            at, "task.run", [30.0] * 5, task="tasks.games.rebuild", queue="fetch", outcome="ok"
        )
        day.count(at, "task.wait_long", round(0.15 * traffic(place)) + 2, queue="fetch")


def leaking_process(day: Day) -> None:
    day.forget("process.memory_bytes", role="worker.back", process="1.2")
    day.forget("process.memory_bytes", role="worker.back", process="1.1")
    for place, at in day.steps():
        since = place - DEPLOYED if place >= DEPLOYED else place
        for process in ("1.1", "1.2"):
            value = (85 + 0.9 * since + day.chance.uniform(-1, 1)) * MIB
            day.gauge(at, "process.memory_bytes", value, role="worker.back", process=process)


def vain_retries(day: Day) -> None:
    for place, at in day.steps():
        good, again = (6, 0) if place < 120 else (0, 6)
        labels = {"task": "tasks.incidents.webhook", "queue": "deliver"}
        if good:
            day.observe(at, "task.run", [0.2] * good, outcome="ok", **labels)
        if again:
            day.observe(at, "task.run", [0.2] * again, outcome="retry", **labels)


def slow_job(day: Day) -> None:
    for number in range(288):
        due = NOW - timedelta(seconds=300 * (number + 1))
        day.slots.append(slot("metric-rollup", due, 340 if number % 3 == 0 else 40))


def held_messages(day: Day) -> None:
    day.forget("queue.unacknowledged")
    for place, at in day.steps():
        day.gauge(at, "queue.unacknowledged", 90 if 90 < place < 130 else 2)


def spent_plan(day: Day) -> None:
    """Today the calls go twice as fast as on the days before."""
    day.forget("provider.quota_left")
    for _, at in day.hours():
        day.gauge(at, "provider.quota_left", _left(at), resolution=HOUR, provider="apisports")


def _left(at: datetime) -> float:
    """Until noon half of 100 calls go on usual days, and today 80."""
    pace = 1.6 if at.date() == NOW.date() else 1.0
    return max(1.0, 100 - pace * 4 * (at.hour + 1))


def lost_pictures(day: Day) -> None:
    for place, at in day.steps():
        lost = round(0.1 * traffic(place))
        day.count(at, "cache.loads", lost, category="image_cache")
        day.count(at, "cache.drops", lost, category="image_cache")


def killed_workers(day: Day) -> None:
    for place, at in day.steps():
        if place % 30 == 5:
            day.count(at, "worker.lost", 1, role="worker.images", cause="SIGKILL")
            day.count(at, "task.redelivered", 1, task="tasks.slips.render")


def late_answers(day: Day) -> None:
    for place, at in day.steps():
        late = round(0.15 * traffic(place))
        if late:
            day.observe(at, "discord.answer", [9.0] * late, command="bet")


def full_disk(day: Day) -> None:
    day.forget("system.disk_free_bytes")
    for age, at in day.hours():
        left = (30 - 1.4 * age + day.chance.gauss(0, 0.4)) * GIB
        day.gauge(at, "system.disk_free_bytes", left, resolution=HOUR, host="box")


def full_memory(day: Day) -> None:
    day.forget("system.memory_available_bytes")
    for age, at in day.hours():
        left = (4 - 0.2 * age + day.chance.gauss(0, 0.1)) * GIB
        day.gauge(at, "system.memory_available_bytes", left, resolution=HOUR, host="box")


def full_broker(day: Day) -> None:
    day.forget("broker.used_bytes")
    for age, at in day.hours():
        day.gauge(at, "broker.used_bytes", (10 + 12 * age) * MIB, resolution=HOUR)


def growing_table(day: Day) -> None:
    for age, at in day.hours():
        size = (200 + 900 * age) * MIB
        day.gauge(at, "database.table_bytes", size, resolution=HOUR, table="interactions")


FAULTS = (
    Fault("cache.hit_rate", "category game_data", cold_category),
    Fault("cache.oversized", "category user_data", refused_values),
    Fault("cache.stampede", "category session", waiting_callers),
    Fault("cache.never_read", "category parlay_data", warmed_for_nobody),
    Fault("cache.invalidate_instead", "category guild_data", reloads),
    Fault("cache.fragmentation", "cache server memory", memory_in_pieces),
    Fault("cache.evictions", "cache server", evictions),
    Fault("database.pool_leak", "database pool", leaked_connections),
    Fault("database.pool_waits", "database pool", pool_waits),
    Fault("database.pool_size", "database connections", many_connections),
    Fault("fleet.concurrency", "queues images", busy_images),
    Fault("fleet.queue_waits", "queue images", busy_images),
    Fault("fleet.starvation", "tasks.games.rebuild in fetch", long_refresh),
    Fault("fleet.memory_growth", "role worker.back", leaking_process),
    Fault("fleet.retries", "task tasks.incidents.webhook", vain_retries),
    Fault("fleet.job_overlap", "job metric-rollup", slow_job),
    Fault("fleet.prefetch", "messages held by workers", held_messages),
    Fault("fleet.quota", "provider apisports", spent_plan),
    Fault("fleet.images_drawn_twice", "slips", lost_pictures),
    Fault("fleet.worker_losses", "role worker.images", killed_workers),
    Fault("fleet.late_answers", "answers of bet", late_answers),
    Fault("system.disk", "disk of box", full_disk),
    Fault("system.memory", "memory of box", full_memory),
    Fault("system.broker_memory", "broker memory", full_broker),
    Fault("system.table_growth", "table interactions", growing_table),
)

HOT = Key.of(Category.API_RESPONSE, "espn", "scoreboard").wire


def crowd(cache: redis.Redis) -> None:
    """A full server, on which one key is most of what is read."""
    now = int(cache.time()[0]) // 600  # type: ignore[index]  # a synchronous client answers at once
    for place in (now - 1, now):
        cache.zadd(f"dbsbm:hot:{place}", {HOT: 900_000})
        cache.set(f"dbsbm:hot:{place}:reads", 1_000_000)
    for number in range(200):
        cache.set(f"filler:{number}", b"x" * 50_000)
    used = cache.info("memory")["used_memory"]  # type: ignore[index]  # as above
    cache.config_set("maxmemory", used + 500_000)
