"""Incidents as rows: how they change, who acknowledged them, and how changes are told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dbsbm.db import outbox
from dbsbm.db.models import Incident
from dbsbm.errors import UserError

TELL = "tasks.discord.incident"


def tell(session: Session, incident: Incident, now: datetime, *, trace_id: str) -> None:
    """Count a change that is worth telling, and promise to tell it, in this transaction."""
    incident.version += 1
    incident.updated_at = now
    session.flush()
    outbox.add(
        session,
        dedupe_key=f"incident:{incident.id}:{incident.version}",
        task=TELL,
        payload={"incident_id": incident.id},
        trace_id=trace_id,
    )


def acknowledge(session: Session, incident_id: int, *, by: str, trace_id: str) -> Incident:
    """Write down that somebody looks after an incident; who was first stays.

    Raises:
        UserError: There is no such incident, or it is over.
    """
    incident = session.get(Incident, incident_id, with_for_update=True)
    if incident is None:
        raise UserError(f"There is no incident {incident_id}; see `alerts list`.")
    if incident.state == "resolved":
        raise UserError(f"Incident {incident_id} is over already.")
    if incident.acknowledged_by is None:
        now = datetime.now(UTC)
        incident.acknowledged_by, incident.acknowledged_at = by[:100], now
        if incident.version:
            tell(session, incident, now, trace_id=trace_id)
    return incident


def open_ones(session: Session) -> Sequence[Incident]:
    """The incidents that are pending or firing, the oldest first."""
    query = select(Incident).where(Incident.state.in_(("pending", "firing")))
    return session.scalars(query.order_by(Incident.id)).all()


def newest(
    session: Session, *, since: datetime | None = None, rule: str | None = None, limit: int = 50
) -> Sequence[Incident]:
    """Incidents, the newest first.

    Args:
        session: For reading.
        since: Only those that were not over before.
        rule: Only those of a rule.
        limit: How many at most.
    """
    query = select(Incident).order_by(Incident.id.desc()).limit(limit)
    if since is not None:
        query = query.where((Incident.resolved_at.is_(None)) | (Incident.resolved_at >= since))
    if rule is not None:
        query = query.where(Incident.rule == rule)
    return session.scalars(query).all()
