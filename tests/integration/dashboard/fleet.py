"""Rows of a fleet that has been at work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from dbsbm.db.models import (
    Change,
    DeadLetter,
    Effect,
    FindingRow,
    FindingStep,
    Incident,
    Interaction,
    ScheduleSlot,
    SlowStatement,
    Statement,
)
from tests.integration.dashboard.past import Past

SQL = "SELECT games.id FROM games WHERE games.starts_at > ? AND games.league = ?"


def ago(**length: float) -> datetime:
    return datetime.now(UTC) - timedelta(**length)


def busy_minute(past: Past, at: datetime, *, queue_wait: float = 0.05) -> None:
    """What a minute of a healthy fleet leaves behind."""
    past.observe(at, "task.wait", *[queue_wait] * 30, task="tasks.bets.place", queue="interactive")
    run = {"task": "tasks.bets.place", "queue": "interactive", "outcome": "ok"}
    past.observe(at, "task.run", *[0.02] * 30, **run)
    past.observe(at, "db.query", *[0.002] * 90, fingerprint="a1b2", verb="SELECT", table="games")
    past.observe(at, "db.query", *[0.01] * 2, fingerprint="c3d4", verb="INSERT", table="outbox")
    past.observe(
        at, "provider.call", *[0.4] * 20, provider="espn", endpoint="score/board", outcome="ok"
    )
    past.add(at, "cache.hits", 95, category="game_data", level="l1")
    past.add(at, "cache.misses", 5, category="game_data", level="l2")
    past.gauge(at, "process.memory_bytes", 150 * 2.0**20, role="worker.front", process="front:1")


class BusyFleet:
    """A fleet that has been at work for some minutes, and is still, whenever somebody looks."""

    def __init__(self, past: Past, *, minutes: int = 11) -> None:
        self._past = past
        self._next = ago(minutes=minutes)

    def work(self) -> None:
        """Leave behind every minute that has gone by since the last time."""
        while self._next <= ago(minutes=1):
            busy_minute(self._past, self._next)
            self._next += timedelta(minutes=1)
        self._past.store()


def incident(number: int, **changes: Any) -> Incident:
    values = {
        "rule": "queue-wait",
        "series": "queue=images",
        "severity": "page",
        "state": "firing",
        "effect": "Members wait for their slips",
        "runbook": "queue-wait",
        "unit": "s",
        "started_at": ago(minutes=14),
        "fired_at": ago(minutes=12),
        "value": 11.2,
        "worst": 17.9,
        "threshold": 5.0,
        "evidence": {
            "top": [{"labels": {"task": "tasks.slips.render"}, "share": 0.71, "count": 12}]
        },
        "updated_at": ago(minutes=1),
        **changes,
    }
    return Incident(id=number, **values)


def finding(digit: str, **changes: Any) -> FindingRow:
    values = {
        "id": digit * 32,
        "rule": "missing-index",
        "severity": "warning",
        "object": "table games",
        "cause": "A statement reads 48,210 rows and returns 9.",
        "evidence": {"statement": "SELECT * FROM games WHERE league = ?", "rows_read": 48210},
        "fix": ["CREATE INDEX ix ON games (league)"],
        "revert": ["DROP INDEX ix ON games"],
        "expected_gain": "p95 from 61 ms to 2 ms",
        "confidence": 0.93,
        "risk": "low",
        "state": "open",
        "first_seen": ago(days=2),
        "last_seen": ago(minutes=5),
        "run_id": 1,
        **changes,
    }
    return FindingRow(**values)


def rows() -> list[Any]:
    """One of each kind."""
    trace = {"trace_id": "trace-1"}
    return [
        Statement(
            fingerprint="a1b2",
            text=SQL,
            verb="SELECT",
            table="games",
            first_seen=ago(days=9),
            last_seen=ago(minutes=1),
        ),
        SlowStatement(
            fingerprint="a1b2",
            text=SQL,
            calls=1,
            plan=[{"table": "games", "type": "ALL", "key": None, "rows": 48210}],
            first_seen=ago(days=1),
            last_seen=ago(hours=1),
        ),
        ScheduleSlot(
            job="grading",
            slot=ago(seconds=30),
            state="done",
            beat="b",
            created_at=ago(seconds=30),
            detail='{"settled": 0}',
        ),
        Interaction(
            id=1,
            guild_id=1,
            user_id=2,
            command="bet",
            outcome="placed",
            created_at=ago(minutes=3),
            handled_at=ago(minutes=3, seconds=-1),
            **trace,
        ),
        Effect(
            dedupe_key="bet:1:announce",
            task="tasks.discord.deliver",
            payload={"token": "sealed-token"},
            state="done",
            attempts=1,
            next_attempt_at=ago(minutes=2),
            created_at=ago(minutes=3, seconds=-2),
            done_at=ago(minutes=2),
            **trace,
        ),
        DeadLetter(
            source="outbox",
            source_key="9",
            task="tasks.discord.deliver",
            payload={"token": "sealed-token"},
            reason="Discord answered 403.",
            created_at=ago(minutes=1),
            **trace,
        ),
        finding("f"),
        FindingStep(
            finding_id="f" * 32,
            step="new",
            state="open",
            actor="analysis",
            taken_at=ago(days=2),
            detail={"run": 1},
        ),
        Change(at=ago(minutes=20), kind="deploy", summary="Release 0.2.0", by="compose"),
    ]
