"""Tables that are made of the history alone: what took the most, and how it went."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from dbsbm.dashboard.reading.stats import label_key, number, numbers, ratio, tidy
from dbsbm.dashboard.reading.tables import Query, Sources, TableRow

ROWS = 50


def tasks(sources: Sources, query: Query) -> Sequence[TableRow]:
    """Tasks by the time they took."""
    by = ("task",)
    failures = _totals(sources, query, "task.failures", by)
    waits = {
        label_key(each.labels, by): each for each in _summaries(sources, query, "task.wait", by)
    }
    rows = []
    found, whole = _top(sources, query, "task.run", by)
    for each in found:
        key = label_key(each.labels, by)
        wait = waits.get(key)
        cells = [
            key[0],
            each.count,
            ratio(each.total, whole),
            *numbers(each, ("p50", "p95")),
            tidy(each.high),
            None if wait is None else number(wait, "p95"),
            failures.get(key, 0),
        ]
        rows.append(TableRow(cells, href("tasks", *key)))
    return rows


def endpoints(sources: Sources, query: Query) -> Sequence[TableRow]:
    """Endpoints by the time they took."""
    by = ("provider", "endpoint")
    good = {
        label_key(each.labels, by): each.count
        for each in _summaries(sources, query, "provider.call", by, {"outcome": "ok"})
    }
    found, whole = _top(sources, query, "provider.call", by)
    return [
        TableRow(
            [
                *(key := label_key(each.labels, by)),
                each.count,
                ratio(each.total, whole),
                *numbers(each, ("p50", "p95")),
                tidy(each.high),
                each.count - good.get(key, 0),
            ],
            href("calls", *key),
        )
        for each in found
    ]


def categories(sources: Sources, query: Query) -> Sequence[TableRow]:
    """Categories of the cache by their reads."""
    by = ("category",)
    names = ("cache.hits", "cache.misses", "cache.stale", "cache.evictions")
    hits, misses, stale, evictions = (_totals(sources, query, name, by) for name in names)
    loads = {
        label_key(each.labels, by): each
        for each in _summaries(sources, query, "cache.load_seconds", by)
    }
    rows = []
    for key in sorted({*hits, *misses}, key=lambda key: -(hits.get(key, 0) + misses.get(key, 0))):
        reads = hits.get(key, 0.0) + misses.get(key, 0.0)
        load = loads.get(key)
        cells = [
            key[0],
            reads,
            ratio(hits.get(key, 0.0), reads),
            stale.get(key, 0),
            evictions.get(key, 0),
            None if load is None else number(load, "p95"),
        ]
        rows.append(TableRow(cells, href("cache", *key)))
    return rows


def routes(sources: Sources, query: Query) -> Sequence[TableRow]:
    """Discord's routes by the time they took."""
    by = ("route", "outcome")
    found, _ = _top(sources, query, "discord.rest", by)
    return [
        TableRow(
            [
                *label_key(each.labels, by),
                each.count,
                *numbers(each, ("p50", "p95")),
                tidy(each.high),
            ]
        )
        for each in found
    ]


def processes(sources: Sources, query: Query) -> Sequence[TableRow]:
    """Processes that are alive, the largest first."""
    by = ("role", "process")
    latest = sources.history.latest
    cpu = {label_key(each.labels, by): each.last for each in latest("process.cpu_percent")}
    descriptors = {label_key(each.labels, by): each.last for each in latest("process.descriptors")}
    memory = sorted(latest("process.memory_bytes"), key=lambda each: -each.last)
    return [
        TableRow([*key, each.last, cpu.get(key), descriptors.get(key)])
        for each in memory
        for key in [label_key(each.labels, by)]
    ]


def href(section: str, *names: str) -> str:
    """The page of one thing; a slash within a name is no step of the path."""
    return "/".join([f"/{section}", *(quote(name, safe="") for name in names)])


def _top(
    sources: Sources, query: Query, metric: str, by: tuple[str, ...]
) -> tuple[Sequence[Any], float]:
    """The summaries with the largest total, and the total of all."""
    span = query.span
    found = sources.history.top(metric, span.since, span.until, by=by, limit=ROWS)
    whole = sources.history.summary(metric, span.since, span.until)
    return found, sum(each.total for each in whole)


def _summaries(
    sources: Sources,
    query: Query,
    metric: str,
    by: tuple[str, ...],
    where: dict[str, str] | None = None,
) -> Sequence[Any]:
    span = query.span
    return sources.history.summary(metric, span.since, span.until, where=where or {}, by=by)


def _totals(
    sources: Sources, query: Query, metric: str, by: tuple[str, ...]
) -> dict[tuple[str, ...], float]:
    return {
        label_key(each.labels, by): each.total for each in _summaries(sources, query, metric, by)
    }
