from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from dbsbm.db.engine import Database
from dbsbm.db.models import (
    CacheCleanupRun,
    DeadLetter,
    Effect,
    FindingRow,
    FindingStep,
    Interaction,
    MetricBatch,
    MetricPoint,
    MetricSeries,
    OptimizerRun,
    RollupDue,
    ScheduleSlot,
    SchemaChange,
    SlowStatement,
    Statement,
)
from dbsbm.monitor.store import retention
from dbsbm.monitor.store.resolutions import RETENTION
from dbsbm.monitor.store.retention import prune

NOW = datetime.now(UTC)
OLD, YOUNG = NOW - timedelta(days=31), NOW - timedelta(days=29)


def add(database: Database, *rows: Any) -> None:
    database.transact(lambda session: session.add_all(rows))


def left(database: Database, column: Any) -> Sequence[Any]:
    with database.read() as session:
        return session.scalars(select(column).order_by(column)).all()


def effect(key: str, state: str, at: datetime) -> Effect:
    return Effect(
        dedupe_key=key,
        task="t",
        payload={},
        trace_id="t",
        state=state,
        next_attempt_at=at,
        created_at=at,
        done_at=None if state == "pending" else at,
    )


def slot(job: str, state: str, at: datetime) -> ScheduleSlot:
    return ScheduleSlot(job=job, slot=at, state=state, beat="b", created_at=at)


def finding(key: str, state: str, at: datetime) -> FindingRow:
    return FindingRow(
        id=key,
        rule="r",
        severity="info",
        object="o",
        cause="c",
        evidence={},
        fix=[],
        revert=[],
        expected_gain="",
        confidence=1.0,
        risk="low",
        state=state,
        first_seen=at,
        last_seen=at,
        run_id=1,
    )


def test_old_rows_go_and_young_rows_stay(database: Database) -> None:
    for at in (OLD, YOUNG):
        add(
            database,
            MetricBatch(id=str(at.timestamp()), taken_at=at, samples=1),
            SlowStatement(fingerprint=str(at.timestamp()), text="", first_seen=at, last_seen=at),
            CacheCleanupRun(
                started_at=at,
                seconds=1,
                scanned=1,
                removed={},
                freed_bytes=0,
                errors=0,
                trace_id="t",
            ),
            OptimizerRun(
                started_at=at,
                seconds=1,
                rules=1,
                findings=0,
                not_enabled=[],
                healthy=True,
                trace_id="t",
            ),
            Interaction(
                id=int(at.timestamp()),
                guild_id=1,
                user_id=1,
                command="bet",
                trace_id="t",
                outcome="ok",
                created_at=at,
                handled_at=at,
            ),
        )
    deleted = prune(database, 30)
    assert {table: rows for table, rows in deleted.items() if rows} == {
        "metric_batches": 1,
        "slow_statements": 1,
        "cache_cleanup_runs": 1,
        "optimizer_runs": 1,
        "interactions": 1,
    }
    assert left(database, MetricBatch.taken_at) == [YOUNG]
    assert left(database, Interaction.handled_at) == [YOUNG]


def step(key: str, at: datetime) -> FindingStep:
    return FindingStep(finding_id=key, step="new", state="open", actor="a", taken_at=at, detail={})


def change(key: str, state: str) -> SchemaChange:
    return SchemaChange(
        finding_id=key,
        target="",
        kind="apply",
        state=state,
        actor="a",
        schema_name="s",
        table_name="t",
        statement="",
        before="",
        intended_at=OLD,
    )


def test_steps_of_what_ended_go_unless_something_of_it_is_in_force(database: Database) -> None:
    states = ("open", "applied", "verified", "gone", "dismissed", "reverted")
    add(database, *(finding(state, state, OLD) for state in states))
    add(database, finding("kept", "gone", OLD), change("kept", "done"))
    add(database, finding("undone", "dismissed", OLD), change("undone", "undone"))
    keys = (*states, "kept", "undone", "of nothing")
    add(database, *(step(key, OLD) for key in keys), step("dismissed", YOUNG))
    deleted = prune(database, 30)
    assert (deleted["findings"], deleted["finding_steps"]) == (1, 5)
    assert left(database, FindingStep.finding_id) == [
        *("applied", "dismissed", "kept", "open", "verified")
    ]
    assert "kept" in left(database, FindingRow.id)


def letter(key: str, source: str, at: datetime, replayed: datetime | None = None) -> DeadLetter:
    return DeadLetter(
        source=source,
        source_key=key,
        task="t",
        payload={},
        trace_id="t",
        reason="r",
        created_at=at,
        replayed_at=replayed,
    )


def test_a_dead_letter_stays_as_long_as_it_can_be_replayed(database: Database) -> None:
    add(database, letter("a", "outbox", OLD), letter("b", "outbox", OLD, OLD))
    add(database, letter("c", "inbox", OLD), letter("d", "inbox", YOUNG))
    assert prune(database, 30)["dead_letters"] == 2
    assert left(database, DeadLetter.source_key) == ["a", "d"]


def test_an_effect_that_is_not_done_stays_however_old(database: Database) -> None:
    add(database, *(effect(state, state, OLD) for state in ("done", "pending", "dead")))
    assert prune(database, 30)["outbox"] == 1
    assert left(database, Effect.state) == ["dead", "pending"]


def test_a_slot_that_never_ended_and_the_newest_of_each_job_stay(database: Database) -> None:
    add(database, *(slot("often", "done", OLD + timedelta(hours=n)) for n in range(5)))
    add(database, slot("stuck", "running", OLD), slot("stuck", "failed", OLD + timedelta(hours=1)))
    add(database, slot("rare", "done", OLD))
    assert prune(database, 30)["schedule_slots"] == 4
    assert left(database, ScheduleSlot.job) == ["often", "rare", "stuck", "stuck"]
    with database.read() as session:
        newest = select(func.max(ScheduleSlot.slot)).where(ScheduleSlot.job == "often")
        assert session.scalar(newest) == OLD + timedelta(hours=4)


def test_an_open_finding_stays(database: Database) -> None:
    add(database, finding("a", "gone", OLD), finding("b", "open", OLD))
    assert prune(database, 30)["findings"] == 1
    assert left(database, FindingRow.id) == ["b"]


def test_deleting_goes_batch_by_batch_until_nothing_old_is_left(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(database, *(MetricBatch(id=str(n), taken_at=OLD, samples=n) for n in range(25)))
    transactions = []
    transact = Database.transact

    def count(self: Database, work: Any) -> Any:
        transactions.append(transact(self, work))
        return transactions[-1]

    monkeypatch.setattr(Database, "transact", count)
    assert prune(database, 30, batch_rows=10)["metric_batches"] == 25
    assert transactions[:3] == [10, 10, 5]


def test_the_budget_ends_a_run_and_the_next_goes_on(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(database, *(MetricBatch(id=str(n), taken_at=OLD, samples=n) for n in range(25)))
    clock = iter(range(1000))
    monkeypatch.setattr(retention, "monotonic", lambda: next(clock))
    assert prune(database, 30, batch_rows=10, budget_seconds=1.5)["metric_batches"] == 10
    assert prune(database, 30, batch_rows=10, budget_seconds=100)["metric_batches"] == 15


def point(resolution: int, age: timedelta, series_id: int = 1) -> MetricPoint:
    return MetricPoint(
        series_id=series_id,
        resolution=resolution,
        start=datetime.now(UTC).replace(microsecond=0) - age,
        count=1,
        total=1,
        low=1,
        high=1,
        last=1,
    )


def test_each_resolution_is_kept_as_long_as_it_says(database: Database) -> None:
    for resolution, age in RETENTION.items():
        kept, gone = age - timedelta(hours=1), age + timedelta(hours=1)
        add(database, point(resolution, kept), point(resolution, gone))
        add(database, *(point(resolution, gone, series_id) for series_id in range(2, 30)))
    assert prune(database, 30)["metric_points"] == 29 * 4
    assert left(database, MetricPoint.series_id) == [1] * 4


def test_points_of_which_coarser_ones_are_still_to_be_made_stay(database: Database) -> None:
    add(database, point(60, timedelta(hours=30)), point(60, timedelta(hours=50)))
    add(
        database,
        RollupDue(resolution=600, start=datetime.now(UTC) - timedelta(hours=40)),
    )
    assert prune(database, 30)["metric_points"] == 1
    assert prune(database, 30)["metric_points"] == 0


def test_series_and_texts_stay_as_long_as_a_chart_can_show_them(database: Database) -> None:
    now = datetime.now(UTC)
    for days in (300, 401):
        at = now - timedelta(days=days)
        add(
            database,
            MetricSeries(name=f"n{days}", labels="", kind="counter", first_seen=at, last_seen=at),
            Statement(
                fingerprint=f"f{days}", text="", verb="", table="", first_seen=at, last_seen=at
            ),
        )
    deleted = prune(database, 30)
    assert (deleted["metric_series"], deleted["statements"]) == (1, 1)
    assert left(database, MetricSeries.name) == ["n300"]
