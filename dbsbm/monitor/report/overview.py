"""The first look at a span: a handful of figures, and how they went. Quick to read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from dbsbm.monitor.report.chart.picture import draw_picture
from dbsbm.monitor.report.model import Figure, Overview, Trend, Unit, Window
from dbsbm.monitor.report.reader import Reader, amount, ratio
from dbsbm.monitor.report.sections.resources import role_memory
from dbsbm.monitor.report.trends import Trends
from dbsbm.monitor.report.windows import comparisons, windows
from dbsbm.monitor.store.history import History


def build_overview(
    history: History, since: datetime, until: datetime, *, now: datetime | None = None
) -> Overview:
    """What a picture shows of a span.

    Args:
        history: What was measured.
        since: Aware; it is moved to where points begin.
        until: Aware, not in the future.
        now: The time, for tests.

    Raises:
        TransientError: The database is away.
    """
    now = now or datetime.now(UTC)
    span, *others = windows(history, since, until, comparisons(since, until), now)
    headline = headline_of(Reader(history, [span, *others]))
    return Overview(span, others, now, headline, trends_of(history, span, now))


def draw_overview(history: History, since: datetime, until: datetime) -> bytes:
    """A span as a PNG for Discord.

    Raises:
        TransientError: The database is away.
    """
    return draw_picture(build_overview(history, since, until))


def trends_of(history: History, span: Window, now: datetime) -> Sequence[Trend]:
    """How the figures went over the span."""
    return Trends(history, span, now).all()


def headline_of(reader: Reader) -> dict[str, Figure]:
    """The few figures that stand first."""
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
