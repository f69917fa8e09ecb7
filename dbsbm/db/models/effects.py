"""What has to happen because of a commit: the outbox, and what could not be done."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dbsbm.db.models.base import Base
from dbsbm.db.types import RowId


class Effect(Base):
    """One effect that a transaction promised, sent as `task` after the commit.

    `state` is pending, done or dead. The reconciler sends a pending effect again whenever
    `next_attempt_at` has passed, so the task named must be idempotent.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("dedupe_key"),
        Index(None, "state", "next_attempt_at"),
        Index(None, "trace_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    dedupe_key: Mapped[str] = mapped_column(String(100))
    task: Mapped[str] = mapped_column(String(64))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    trace_id: Mapped[str] = mapped_column(String(36))
    state: Mapped[str] = mapped_column(String(16), default="pending")
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_attempt_at: Mapped[datetime]
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    last_error: Mapped[str | None] = mapped_column(String(500))


class DeadLetter(Base):
    """Work that was given up, kept for an operator who can replay it.

    `source` is `outbox` (an effect), `inbox` (a command that was never handled) or `task`
    (a task that killed its worker too often).
    """

    __tablename__ = "dead_letters"
    __table_args__ = (UniqueConstraint("source", "source_key"), Index(None, "created_at"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    source: Mapped[str] = mapped_column(String(16))
    source_key: Mapped[str] = mapped_column(String(100))
    task: Mapped[str] = mapped_column(String(64))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    trace_id: Mapped[str] = mapped_column(String(36))
    reason: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    replayed_at: Mapped[datetime | None]
