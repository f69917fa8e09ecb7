"""What the fleet writes down about itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Double, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dbsbm.db.models.base import Base
from dbsbm.db.types import RowId


class ScheduleSlot(Base):
    """One moment at which a job of the schedule was due: the ledger that makes many beats one.

    `state` is due (claimed by a beat), sent, running, done, failed or missed. `lease_until` is the
    time after which a running slot counts as abandoned and may be run again.
    """

    __tablename__ = "schedule_slots"
    __table_args__ = (
        UniqueConstraint("job", "slot"),
        Index(None, "state", "created_at"),
        Index(None, "created_at"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    job: Mapped[str] = mapped_column(String(64))
    slot: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(16))
    beat: Mapped[str] = mapped_column(String(100))
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    owner: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    detail: Mapped[str | None] = mapped_column(String(500))


class SlowStatement(Base):
    """A statement that took longer than SLOW_QUERY_SECONDS, by fingerprint, without literals."""

    __tablename__ = "slow_statements"
    __table_args__ = (Index(None, "last_seen"),)

    fingerprint: Mapped[str] = mapped_column(String(32), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    calls: Mapped[int] = mapped_column(default=0)
    total_seconds: Mapped[float] = mapped_column(Double, default=0.0)
    worst_seconds: Mapped[float] = mapped_column(Double, default=0.0)
    plan: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]


class CacheCleanupRun(Base):
    """One clean-up of the cache and what it freed."""

    __tablename__ = "cache_cleanup_runs"
    __table_args__ = (Index(None, "started_at"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    started_at: Mapped[datetime]
    seconds: Mapped[float] = mapped_column(Double)
    scanned: Mapped[int]
    removed: Mapped[dict[str, int]] = mapped_column(JSON)
    freed_bytes: Mapped[int]
    errors: Mapped[int] = mapped_column(Integer)
    trace_id: Mapped[str] = mapped_column(String(36))


class CachePolicy(Base):
    """A change of a category's policy, kept for ever: what is in force is all of them in turn.

    `changes` names the fields that this change set; where it is empty, it undid all before it.
    """

    __tablename__ = "cache_policies"
    __table_args__ = (Index(None, "category", "id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    category: Mapped[str] = mapped_column(String(32))
    changes: Mapped[dict[str, Any]] = mapped_column(JSON)
    changed_by: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str] = mapped_column(String(500))
    changed_at: Mapped[datetime]


class CacheDebt(Base):
    """Tags that a commit changed while the cache's server could not be told of it.

    Written in the same transaction as the change, so that the server is told even where the
    process that owes it ends before the server is back.
    """

    __tablename__ = "cache_debts"
    __table_args__ = (Index(None, "created_at"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    tags: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime]


class CacheHotLog(Base):
    """The keys that were read most, as pairs of key and score, for a cache that lost everything.

    The row with the id 1. What was read of games is in the row with the id 2, as kind of value,
    game, start of the slot and reads, taken up to `taken_at`; and what was loaded before games and
    waits for its first reader in the row with the id 3, as key, category and end.
    """

    __tablename__ = "cache_hot_logs"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    taken_at: Mapped[datetime]
    entries: Mapped[list[list[Any]]] = mapped_column(JSON)


class OptimizerRun(Base):
    """One analysis: what it looked at and how much it found. `target` is as that of a finding."""

    __tablename__ = "optimizer_runs"
    __table_args__ = (Index(None, "started_at"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    started_at: Mapped[datetime]
    seconds: Mapped[float] = mapped_column(Double)
    rules: Mapped[int] = mapped_column(Integer)
    findings: Mapped[int] = mapped_column(Integer)
    not_enabled: Mapped[list[str]] = mapped_column(JSON)
    healthy: Mapped[bool] = mapped_column(Boolean)
    trace_id: Mapped[str] = mapped_column(String(36))
    target: Mapped[str] = mapped_column(String(190), default="", server_default="")


class FindingRow(Base):
    """A finding of the optimizer. Its id is the same in every run that finds the same thing.

    `target` is the server and database that it is about, empty for the fleet's own. `state` is
    open, proved (tried on a copy), applied (and watched), verified (it helped), reverted,
    dismissed or gone.
    """

    __tablename__ = "findings"
    __table_args__ = (Index(None, "state", "severity"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    rule: Mapped[str] = mapped_column(String(64))
    severity: Mapped[str] = mapped_column(String(16))
    object: Mapped[str] = mapped_column(String(190))
    cause: Mapped[str] = mapped_column(Text)
    evidence: Mapped[dict[str, Any]] = mapped_column(JSON)
    fix: Mapped[list[str]] = mapped_column(JSON)
    revert: Mapped[list[str]] = mapped_column(JSON)
    expected_gain: Mapped[str] = mapped_column(String(190))
    confidence: Mapped[float] = mapped_column(Double)
    risk: Mapped[str] = mapped_column(String(16))
    proof: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(16))
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]
    run_id: Mapped[int]
    target: Mapped[str] = mapped_column(String(190), default="", server_default="")


class FindingStep(Base):
    """A step in the life of a finding; `state` is what the finding then was."""

    __tablename__ = "finding_steps"
    __table_args__ = (Index(None, "finding_id", "id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    finding_id: Mapped[str] = mapped_column(String(32))
    step: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    actor: Mapped[str] = mapped_column(String(100))
    taken_at: Mapped[datetime]
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)


class SchemaChange(Base):
    """One statement that changes a table for a finding, written down before it is carried out.

    `state` is intended, done, failed or undone; a row that a crash left as intended is settled
    from the table itself. `before` and `after` are what SHOW CREATE TABLE printed. `watch` is what
    the table's statements cost before, and in each window since.
    """

    __tablename__ = "schema_changes"
    __table_args__ = (Index(None, "finding_id", "id"), Index(None, "target", "state"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    finding_id: Mapped[str] = mapped_column(String(32))
    target: Mapped[str] = mapped_column(String(190))
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    actor: Mapped[str] = mapped_column(String(100))
    schema_name: Mapped[str] = mapped_column(String(64))
    table_name: Mapped[str] = mapped_column(String(64))
    statement: Mapped[str] = mapped_column(Text)
    before: Mapped[str] = mapped_column(Text)
    after: Mapped[str | None] = mapped_column(Text)
    watch: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    detail: Mapped[str] = mapped_column(String(500), default="")
    intended_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
