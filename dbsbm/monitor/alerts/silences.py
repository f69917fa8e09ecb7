"""Silences: nothing new is told of a rule, or of one of its series, for a while.

Messages that are there say so: each silence that begins, or is ended, is told like any other change
of the incidents that it is about. One that passes is not: its message names the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from dbsbm.db.models import AlertSilence, Incident
from dbsbm.errors import UserError
from dbsbm.monitor.alerts.incidents import tell
from dbsbm.monitor.counting.series import LABELS_LENGTH

LONGEST = timedelta(days=30)


def add(
    session: Session,
    rule: str,
    *,
    length: timedelta,
    by: str,
    reason: str,
    trace_id: str,
    series: str = "",
) -> AlertSilence:
    """Begin a silence.

    Args:
        session: Of a transaction.
        rule: The rule's name.
        length: How long from now.
        by: Who wants it.
        reason: Why.
        trace_id: What asked for it.
        series: The only series it is about; empty for all of the rule.

    Raises:
        UserError: It would be over at once, or last for longer than 30 days.
    """
    if not timedelta(0) < length <= LONGEST:
        raise UserError("A silence lasts up to 30 days: say for example 1h, or 2d.")
    if len(series) > LABELS_LENGTH:
        raise UserError("There is no such series: `alerts list` shows how they are written.")
    now = datetime.now(UTC)
    silence = AlertSilence(
        rule=rule,
        series=series,
        until=now + length,
        by=by[:100],
        reason=reason[:500],
        created_at=now,
    )
    session.add(silence)
    session.flush()
    _tell(session, silence, now, trace_id)
    return silence


def end(session: Session, silence_id: int, *, trace_id: str) -> None:
    """End a silence now; its row stays.

    Raises:
        UserError: There is no such silence, or it is over.
    """
    silence = session.get(AlertSilence, silence_id)
    now = datetime.now(UTC)
    if silence is None or silence.until <= now:
        raise UserError(f"There is no silence {silence_id} now; see `alerts list`.")
    silence.until = now
    _tell(session, silence, now, trace_id)


def _tell(session: Session, silence: AlertSilence, now: datetime, trace_id: str) -> None:
    """Tell anew of the incidents that go on and have a message."""
    query = select(Incident).where(
        Incident.rule == silence.rule, Incident.state == "firing", Incident.version > 0
    )
    if silence.series:
        query = query.where(Incident.series == silence.series)
    for incident in session.scalars(query.order_by(Incident.id).with_for_update()).all():
        tell(session, incident, now, trace_id=trace_id)


def now_on(session: Session, now: datetime) -> Sequence[AlertSilence]:
    """The silences that are on, the one that ends first in front."""
    query = select(AlertSilence).where(AlertSilence.until > now, AlertSilence.created_at <= now)
    return session.scalars(query.order_by(AlertSilence.until)).all()


def covers(silences: Sequence[AlertSilence], rule: str, series: str) -> bool:
    """Whether one of them is about a series of a rule."""
    return any(each.rule == rule and each.series in {"", series} for each in silences)


def of(session: Session, incident: Incident) -> AlertSilence | None:
    """The silence about an incident that ends last; None where none is on."""
    # The clock of whoever changed the incident last may be ahead of this one.
    now = max(datetime.now(UTC), incident.updated_at)
    found = [s for s in now_on(session, now) if covers([s], incident.rule, incident.series)]
    return found[-1] if found else None
