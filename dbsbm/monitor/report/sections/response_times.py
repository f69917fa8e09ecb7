"""How long members, tasks, statements and calls took."""

from __future__ import annotations

from dbsbm.monitor.report.model import Row, Section
from dbsbm.monitor.report.reader import Found, Reader

_TIMES = {
    "discord.answer": "command to answer",
    "discord.ack": "acknowledgement",
    "task.wait": "task waits",
    "task.run": "task runs",
    "db.query": "statement",
    "provider.call": "provider call",
}


def response_times(reader: Reader) -> Section:
    """Quantiles of what members wait for, and of what it is made of."""
    found = {title: reader.all(metric) for metric, title in _TIMES.items()}
    return Section(
        key="response_times",
        title="Response times",
        columns={"count": "count", "p50": "p50", "p95": "p95", "p99": "p99"},
        rows=[_row(title, each) for title, each in found.items() if each.now is not None],
        nothing="Nothing was timed.",
    )


def _row(title: str, found: Found) -> Row:
    quantiles = {f"p{q * 100:.0f}": found.quantile(q) for q in (0.5, 0.95, 0.99)}
    return Row(title, {"count": found.count(), **quantiles}, lead="p95")
