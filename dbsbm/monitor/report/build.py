"""Builds a report out of what is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from dbsbm.db.engine import Database
from dbsbm.monitor.report import happenings
from dbsbm.monitor.report.model import Figure, Report, Unit
from dbsbm.monitor.report.reader import Reader, amount, ratio
from dbsbm.monitor.report.sections import all_sections
from dbsbm.monitor.report.sections.resources import role_memory
from dbsbm.monitor.report.trends import Trends
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
    headline = {**_headline(reader), "incidents": count}
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
        trends=Trends(history, span, now).all(),
    )


def _headline(reader: Reader) -> Mapping[str, Figure]:
    answers = reader.all("discord.answer")
    timed = answers if answers.now is not None else reader.all("task.run")
    hits, misses = (reader.all(name).totals() for name in ("cache.hits", "cache.misses"))
    reads = [hit + miss for hit, miss in zip(hits, misses, strict=True)]
    runs = reader.all("task.run").counts()
    failures = reader.all("task.failures").totals()
    return {
        "p50": timed.quantile(0.5),
        "p95": timed.quantile(0.95),
        "tasks_per_minute": _per_minute(reader, runs),
        "hit_rate": ratio(hits, reads, "high"),
        "memory": _sum(list(role_memory(reader).values()), len(reader.windows) - 1, "bytes"),
        "failures": amount(reader.windows, failures, "count", "low"),
        "failure_share": ratio(failures, runs, "low"),
        "dead_letters": reader.all("deadletters.open").last("count"),
    }


def _per_minute(reader: Reader, runs: Sequence[float]) -> Figure:
    """Of the time that was measured: what nobody counted says nothing about the fleet."""
    counted = amount(reader.windows, runs, "count", "neither")
    minutes = reader.span.measured_seconds / 60
    if not minutes:
        return Figure(None, "per_minute", 0, tuple(None for _ in counted.before))
    before = tuple(None if each is None else each / minutes for each in counted.before)
    return Figure(runs[0] / minutes, "per_minute", runs[0], before)


def _sum(figures: Sequence[Figure], compared: int, unit: Unit) -> Figure:
    if not figures:
        return Figure(None, unit, 0, (None,) * compared, "low")
    before = (
        sum(each.before[index] or 0.0 for each in figures)
        if all(each.before[index] is not None for each in figures)
        else None
        for index in range(compared)
    )
    value = sum(each.value or 0.0 for each in figures)
    return Figure(value, unit, sum(each.samples for each in figures), tuple(before), "low")
