"""The big numbers: the last five minutes, above the line of the last hour."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from dbsbm.dashboard.reading.charts import Chart, Curve, Drawn, Misses, Share, Unit
from dbsbm.dashboard.reading.span import Span
from dbsbm.dashboard.reading.stats import Stat, number, ratio
from dbsbm.monitor.store.history import History

LATELY = timedelta(minutes=5)

State = Literal["ok", "bad", "none"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a tile shows.

    Attributes:
        value: The number; None where nothing was observed.
        note: What is worth knowing beside it.
    """

    value: float | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """One big number.

    Attributes:
        id: Of the element on the page.
        title: What it is.
        unit: How it is shown.
        href: The section that explains it.
        curve: Its line of the last hour.
        read: The number of a span.
        rules: The alerts that judge it: a number is bad where one of them is broken, for a limit
            alone does not know how few samples there are, nor how long it has been so.
        limit: The line that these rules draw; it is shown.
        best: On which side of the limit it is well.
        bars: Bars instead of a line, for what is counted now and then.
    """

    id: str
    title: str
    unit: Unit
    href: str
    curve: Drawn
    read: Callable[[History, Span], Reading]
    rules: tuple[str, ...] = ()
    limit: float | None = None
    best: Literal["low", "high"] = "low"
    bars: bool = False

    def show(self, history: History, now: datetime, broken: Collection[str]) -> dict[str, Any]:
        """The tile, as JSON can hold it; `broken` are the rules that have an open incident."""
        reading = self.read(history, Span("lately", now - LATELY, now))
        chart = Chart(self.id, self.title, "", self.unit, (self.curve,), bars=self.bars)
        return {
            "id": self.id,
            "title": self.title,
            "unit": self.unit,
            "href": self.href,
            "value": reading.value,
            "note": reading.note,
            "limit": self.limit,
            "best": self.best,
            "state": self.state(reading, broken),
            "bars": self.bars,
            "spark": _spark(chart.draw(history, Span.ending(now, "1h"), {})),
        }

    def state(self, reading: Reading, broken: Collection[str]) -> State:
        """Whether a rule complains about the number, if there is one."""
        if any(rule in broken for rule in self.rules):
            return "bad"
        return "none" if reading.value is None else "ok"


def _spark(drawn: dict[str, Any]) -> list[float | None]:
    """The first line of a chart over its whole span: a gap at an end is a gap, too."""
    if not drawn["lines"]:
        return []
    step, start = drawn["step"], drawn["start"]
    values: list[float | None] = drawn["lines"][0]["values"]
    before = max(0, int((start - drawn["since"]) // step))
    after = max(0, int((drawn["until"] - start) // step) - len(values))
    return [None] * before + values + [None] * after


def _quantile(metric: str, stat: Stat, what: str) -> Callable[[History, Span], Reading]:
    def read(history: History, span: Span) -> Reading:
        for each in history.summary(metric, span.since, span.until):
            return Reading(number(each, stat), f"of {each.count:,} {what}")
        return Reading(None, f"no {what} in 5 min")

    return read


def _failures(history: History, span: Span) -> Reading:
    runs = _sum(history, "task.run", span, "count")
    failed = _sum(history, "task.failures", span, "total")
    if runs is None and failed is None:
        return Reading(None, "no tasks in 5 min")
    return Reading(failed or 0.0, f"of {runs or 0:,.0f} tasks in 5 min")


def _call_errors(history: History, span: Span) -> Reading:
    calls = _sum(history, "provider.call", span, "count")
    good = _sum(history, "provider.call", span, "count", {"outcome": "ok"}) or 0.0
    if not calls:
        return Reading(None, "no calls in 5 min")
    return Reading(ratio(calls - good, calls), f"of {calls:,.0f} calls")


def _hit_rate(history: History, span: Span) -> Reading:
    hits = _sum(history, "cache.hits", span, "total") or 0.0
    reads = hits + (_sum(history, "cache.misses", span, "total") or 0.0)
    if not reads:
        return Reading(None, "no reads in 5 min")
    return Reading(ratio(hits, reads), f"of {reads:,.0f} reads")


def _memory(history: History, span: Span) -> Reading:
    found = history.summary("process.memory_bytes", span.since, span.until, by=("role",))
    if not found:
        return Reading(None, "no process measured in 5 min")
    largest = max(found, key=lambda each: each.high)
    return Reading(number(largest, "high"), largest.labels.get("role", ""))


def _sum(
    history: History,
    metric: str,
    span: Span,
    stat: Literal["count", "total"],
    where: dict[str, str] | None = None,
) -> float | None:
    found = history.summary(metric, span.since, span.until, where=where or {})
    return sum(getattr(each, stat) for each in found) if found else None


TILES = (
    Tile(
        "queue-wait",
        "Queue wait, p95",
        "s",
        "/tasks",
        Curve("task.wait", "p95"),
        _quantile("task.wait", "p95", "tasks"),
        rules=("long-queue-wait",),
    ),
    Tile(
        "task-failures",
        "Task failures",
        "count",
        "/tasks",
        Curve("task.failures", "total"),
        _failures,
        rules=("tasks-failing-fast", "tasks-failing", "tasks-failing-slowly"),
        bars=True,
    ),
    Tile(
        "query-time",
        "Query, p95",
        "s",
        "/queries",
        Curve("db.query", "p95"),
        _quantile("db.query", "p95", "statements"),
        rules=("slow-queries",),
        limit=1.0,
    ),
    Tile(
        "call-time",
        "Provider call, p95",
        "s",
        "/calls",
        Curve("provider.call", "p95"),
        _quantile("provider.call", "p95", "calls"),
        rules=("slow-api",),
        limit=5.0,
    ),
    Tile(
        "call-errors",
        "Provider errors",
        "ratio",
        "/calls",
        Misses("provider.call", "outcome", "ok"),
        _call_errors,
        rules=("api-failing",),
        limit=0.5,
    ),
    Tile(
        "hit-rate",
        "Cache hit rate",
        "ratio",
        "/cache",
        Share("cache.hits", ("cache.misses",)),
        _hit_rate,
        rules=("low-hit-ratio",),
        limit=0.8,
        best="high",
    ),
    Tile(
        "memory",
        "Largest process",
        "bytes",
        "/system",
        Curve("process.memory_bytes", "high"),
        _memory,
        rules=("high-memory",),
        limit=512 * 1024.0**2,
    ),
)
