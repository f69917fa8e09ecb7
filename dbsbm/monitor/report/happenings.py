"""What happened in a span: incidents, and what the optimizer found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from dbsbm.db.models import FindingRow, Incident, OptimizerRun
from dbsbm.db.queries.findings import CHANGED, WAITING
from dbsbm.monitor.report.model import Figure, FindingLine, Findings, IncidentLine, Window
from dbsbm.monitor.report.reader import amount

_SEVERITIES = {"page": 0, "critical": 0, "warn": 1, "warning": 1}
MOST_INCIDENTS = 50
MOST_FINDINGS = 50


def incidents(session: Session, span: Window) -> list[IncidentLine]:
    """Incidents that fired before the span's end and were not over before its start."""
    rows = session.scalars(
        select(Incident)
        .where(
            Incident.fired_at < span.until,
            or_(Incident.resolved_at.is_(None), Incident.resolved_at >= span.since),
        )
        .order_by(Incident.fired_at.desc())
        .limit(MOST_INCIDENTS)
    )
    found = [_incident(row, span.until) for row in rows]
    return sorted(found, key=_urgency)


def incident_count(session: Session, windows: Sequence[Window]) -> Figure:
    """How many incidents fired in each window."""
    counts = [
        session.scalar(
            select(func.count())
            .select_from(Incident)
            .where(Incident.fired_at >= window.since, Incident.fired_at < window.until)
        )
        or 0
        for window in windows
    ]
    return amount(windows, counts, "count", "low")


def findings(session: Session, span: Window) -> Findings:
    """Findings that are open, and those that were applied or seen for the last time in the span."""
    rows = session.scalars(
        select(FindingRow)
        .where(
            or_(FindingRow.state.in_(WAITING), FindingRow.last_seen >= span.since),
            FindingRow.first_seen < span.until,
            FindingRow.target == "",
        )
        .order_by(FindingRow.confidence.desc(), FindingRow.id)
    ).all()
    by_severity = sorted(rows, key=lambda row: _SEVERITIES.get(row.severity, 2))
    return Findings(
        open=_lines(by_severity, lambda state: state in WAITING, span),
        applied=_lines(by_severity, lambda state: state in CHANGED, span),
        gone=_lines(by_severity, lambda state: state == "gone", span),
        analysed_at=session.scalar(
            select(func.max(OptimizerRun.started_at)).where(
                OptimizerRun.target == "", OptimizerRun.started_at < span.until
            )
        ),
    )


def _urgency(incident: IncidentLine) -> tuple[bool, int, float]:
    """What goes on before what is over, then the gravest, then the longest."""
    return incident.ended is not None, _SEVERITIES.get(incident.severity, 2), -incident.seconds


def _incident(row: Incident, until: datetime) -> IncidentLine:
    ended = row.resolved_at if row.resolved_at and row.resolved_at < until else None
    started = row.fired_at or row.started_at
    return IncidentLine(
        id=row.id,
        rule=row.rule,
        series=row.series,
        severity=row.severity,
        effect=row.effect,
        started=started,
        ended=ended,
        seconds=((ended or until) - started).total_seconds(),
        worst=row.worst,
        threshold=row.threshold,
        unit=row.unit,
        acknowledged_by=row.acknowledged_by,
    )


def _lines(
    rows: Sequence[FindingRow], wanted: Callable[[str], bool], span: Window
) -> list[FindingLine]:
    chosen = [row for row in rows if wanted(row.state)]
    return [_finding(row, span) for row in chosen[:MOST_FINDINGS]]


def _finding(row: FindingRow, span: Window) -> FindingLine:
    return FindingLine(
        id=row.id,
        rule=row.rule,
        severity=row.severity,
        object=row.object,
        cause=row.cause,
        expected_gain=row.expected_gain,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        is_new=row.first_seen >= span.since,
    )
