"""What went wrong in the fleet, how the rules stand, who wants quiet, and what was changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Double, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dbsbm.db.models.base import Base
from dbsbm.db.types import RowId

# What a metric's labels come to, and their metric's rule.
SERIES_LENGTH = 190


class Incident(Base):
    """One time that a rule fired on a series, told of in one message.

    `state` is pending, firing or resolved. `version` grows with every change that is worth telling,
    `told_version` is the one that the message shows. `evidence` is what `monitor.alerts.evidence`
    gathered when the incident fired, or last became worse. `posts` counts the messages that were
    begun, the newest at `posting_at`: without a `message_id` nobody knows whether it is there.
    """

    __tablename__ = "incidents"
    __table_args__ = (Index(None, "state", "fired_at"), Index(None, "started_at"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    rule: Mapped[str] = mapped_column(String(64))
    series: Mapped[str] = mapped_column(String(SERIES_LENGTH))
    severity: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    effect: Mapped[str] = mapped_column(String(300))
    runbook: Mapped[str] = mapped_column(String(300))
    unit: Mapped[str] = mapped_column(String(300))
    started_at: Mapped[datetime]
    fired_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    resolution: Mapped[str | None] = mapped_column(String(32))
    value: Mapped[float | None] = mapped_column(Double)
    worst: Mapped[float | None] = mapped_column(Double)
    threshold: Mapped[float] = mapped_column(Double)
    evidence: Mapped[dict[str, Any]] = mapped_column(JSON)
    acknowledged_by: Mapped[str | None] = mapped_column(String(100))
    acknowledged_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(Integer, default=0)
    told_version: Mapped[int] = mapped_column(Integer, default=0)
    channel_id: Mapped[int | None]
    message_id: Mapped[int | None]
    posts: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    posting_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class AlertState(Base):
    """Where one rule stands with one series between two evaluations.

    The row with empty names is the evaluations' own: whoever evaluates locks it, and its state says
    when the last one was.
    """

    __tablename__ = "alert_states"
    __table_args__ = (UniqueConstraint("rule", "series"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    rule: Mapped[str] = mapped_column(String(64))
    series: Mapped[str] = mapped_column(String(SERIES_LENGTH))
    state: Mapped[dict[str, Any]] = mapped_column(JSON)
    incident_id: Mapped[int | None]
    updated_at: Mapped[datetime]


class AlertSilence(Base):
    """Quiet that somebody asked for. An empty series means every series of the rule."""

    __tablename__ = "alert_silences"
    __table_args__ = (Index(None, "until"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    rule: Mapped[str] = mapped_column(String(64))
    series: Mapped[str] = mapped_column(String(SERIES_LENGTH), default="")
    until: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str] = mapped_column(String(500))
    created_at: Mapped[datetime]


class Change(Base):
    """Something that was changed in the fleet: what people look for first when it breaks.

    `kind` is deploy, migration, setting, policy or schema.
    """

    __tablename__ = "changes"
    __table_args__ = (Index(None, "at"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(16))
    summary: Mapped[str] = mapped_column(String(500))
    by: Mapped[str] = mapped_column(String(100))
