"""Hours of a fleet that was measured, with numbers that tests know."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from dbsbm.db.engine import Database
from dbsbm.db.models import FindingRow, Incident, OptimizerRun, Statement
from tests.integration.dashboard.past import Past

NOW = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
DAY = timedelta(days=1)
# The shortest that is read by ten minutes, and a minute of each of them.
LENGTH = timedelta(hours=8)
STEP = timedelta(minutes=10)
POINTS = LENGTH // STEP
MIB = 1024.0**2
SLOW_TEXT = "SELECT * FROM bets WHERE guild_id = ? AND note = ?"


def moments(until: datetime) -> Iterator[datetime]:
    at = until - LENGTH
    while at < until:
        yield at
        at += STEP


def fill(database: Database, until: datetime, *, answer: float = 0.3, load: int = 12) -> None:
    """Every tenth minute of some hours: each has `load` tasks, and answers around `answer`."""
    past = Past(database)
    for number, at in enumerate(moments(until)):
        wave = 1 + 0.5 * math.sin(number / POINTS * 2 * math.pi)
        answers = [answer * wave * (0.5 + each / 10) for each in range(10)]
        past.gauge(at, "broker.up", 1)
        past.observe(at, "discord.answer", *answers, command="bet")
        past.observe(at, "discord.ack", *[0.08] * 10, command="bet")
        past.observe(
            at, "task.run", *[0.05 * wave] * load, task="tasks.bets.place", queue="i", outcome="ok"
        )
        past.observe(at, "task.wait", *[0.004] * load, task="tasks.bets.place", queue="i")
        past.observe(at, "db.query", *[0.002] * 40, fingerprint="f1", verb="SELECT", table="games")
        past.observe(
            at, "db.query", *[0.5 * wave] * 2, fingerprint="f2", verb="SELECT", table="bets"
        )
        past.observe(
            at,
            "provider.call",
            0.4,
            0.7 * wave,
            provider="espn",
            endpoint="scoreboard",
            outcome="ok",
        )
        past.add(
            at,
            "cache.hits",
            round(80 + 15 * math.sin(number / 20)),
            category="game_data",
            level="local",
        )
        past.add(at, "cache.misses", 9, category="game_data")
        for role, many, size in (
            ("worker.front", 4, 90),
            ("worker.images", 2, 160),
            ("bot", 1, 70),
            ("beat", 1, 45),
        ):
            past.gauge(at, "process.count", many, role=role)
            for process in range(many):
                grown = size * MIB * (1 + 0.2 * number / POINTS)
                past.gauge(at, "process.memory_bytes", grown, role=role, process=str(process))
        past.gauge(at, "system.cpu_percent", 30 * wave, host="one")
        past.gauge(at, "system.disk_percent", 40 + number / POINTS, host="one")
        past.gauge(at, "system.disk_free_bytes", (60_000 - number) * MIB, host="one")
        past.gauge(at, "database.size_bytes", (500 + number) * MIB)
        past.gauge(at, "deadletters.open", 0)
    past.store()


def fail(database: Database, at: datetime, times: int) -> None:
    """Tasks and provider calls that failed."""
    past = Past(database)
    past.add(at, "task.failures", times, task="tasks.games.refresh", error="TransientError")
    past.observe(
        at, "task.run", *[0.2] * times, task="tasks.games.refresh", queue="f", outcome="failed"
    )
    past.observe(
        at,
        "provider.call",
        *[5.0] * times,
        provider="espn",
        endpoint="scoreboard",
        outcome="timeout",
    )
    past.store()


def tell_texts(database: Database) -> None:
    def write(session: Session) -> None:
        for fingerprint, text in (("f1", "SELECT * FROM games WHERE id = ?"), ("f2", SLOW_TEXT)):
            session.add(
                Statement(
                    fingerprint=fingerprint,
                    text=text,
                    verb="SELECT",
                    table="t",
                    first_seen=NOW,
                    last_seen=NOW,
                )
            )

    database.transact(write)


def happen(database: Database) -> None:
    """An incident of an hour, one that goes on, one of last week; three findings."""

    def incident(rule: str, severity: str, fired: datetime, resolved: datetime | None) -> Incident:
        return Incident(
            rule=rule,
            series="queue=images",
            severity=severity,
            state="resolved" if resolved else "firing",
            effect="Members wait.",
            runbook="",
            unit="s",
            started_at=fired,
            fired_at=fired,
            resolved_at=resolved,
            worst=81.5,
            threshold=60,
            evidence={},
            updated_at=fired,
        )

    def finding(name: str, state: str, first: datetime, last: datetime) -> FindingRow:
        return FindingRow(
            id=name,
            rule="slow-statement",
            severity="critical" if state == "open" else "warning",
            object=f"statement {name}",
            cause="It reads <every> row of `bets`.",
            evidence={},
            fix=["An index."],
            revert=[],
            expected_gain="p95 from 1 s to 2 ms",
            confidence=0.9,
            risk="low",
            state=state,
            first_seen=first,
            last_seen=last,
            run_id=1,
        )

    def run(at: datetime, target: str) -> OptimizerRun:
        return OptimizerRun(
            started_at=at,
            seconds=1.0,
            rules=44,
            findings=1,
            not_enabled=[],
            healthy=False,
            trace_id="t",
            target=target,
        )

    def write(session: Session) -> None:
        hour = timedelta(hours=1)
        session.add_all(
            [
                incident("long-queue-wait", "page", NOW - 5 * hour, NOW - 4 * hour),
                incident("slow-api", "warn", NOW - 2 * hour, None),
                incident("slow-api", "warn", NOW - 7 * DAY - 2 * hour, NOW - 7 * DAY),
                finding("a", "open", NOW - 2 * hour, NOW - hour),
                finding("b", "gone", NOW - 3 * DAY, NOW - 3 * hour),
                finding("c", "gone", NOW - 9 * DAY, NOW - 3 * DAY),
                run(NOW - hour, ""),
                run(NOW - hour / 2, "elsewhere/shop"),
                run(NOW + hour, ""),
            ]
        )

    database.transact(write)
