"""Builds a report out of what is stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from dbsbm.db.engine import Database
from dbsbm.monitor.report import happenings
from dbsbm.monitor.report.model import Report
from dbsbm.monitor.report.overview import headline_of, trends_of
from dbsbm.monitor.report.reader import Reader
from dbsbm.monitor.report.sections import all_sections
from dbsbm.monitor.report.verdict import Seen, verdict
from dbsbm.monitor.report.windows import comparisons, windows
from dbsbm.monitor.store.history import History


def build_report(
    history: History,
    database: Database,
    since: datetime,
    until: datetime,
    compare: Sequence[str] | None = None,
    *,
    now: datetime | None = None,
) -> Report:
    """Everything that is known of a span.

    Args:
        history: What was measured.
        database: Incidents, findings and the texts of statements.
        since: Aware; it is moved to where points begin.
        until: Aware, not in the future.
        compare: Of `day before`, `week before` and `span before`; None chooses those that the span
            does not overlap.
        now: The time, for tests.

    Raises:
        TransientError: The database is away.
    """
    now = now or datetime.now(UTC)
    compare = comparisons(since, until) if compare is None else compare
    span, *others = windows(history, since, until, compare, now)
    reader = Reader(history, [span, *others])
    with database.read() as session:
        incidents = happenings.incidents(session, span)
        count = happenings.incident_count(session, [span, *others])
        findings = happenings.findings(session, span)
    sections = all_sections(reader, database)
    headline = {**headline_of(reader), "incidents": count}
    return Report(
        span=span,
        compared=others,
        made_at=now,
        verdict=verdict(Seen(span, others, headline, sections, incidents, findings)),
        headline=headline,
        sections=sections,
        incidents=incidents,
        incident_count=count,
        findings=findings,
        trends=trends_of(history, span, now),
    )
