"""The tasks that kept the workers busiest."""

from __future__ import annotations

from dbsbm.monitor.report.model import Row, Section
from dbsbm.monitor.report.reader import Found, Reader, amount
from dbsbm.monitor.report.sections.largest import largest, summed

_METRIC = "task.run"


def tasks(reader: Reader) -> Section:
    """By the time they ran together, with how long they waited and how many failed."""
    waits = reader.by("task.wait", "task")
    failed = reader.by(_METRIC, "task", where={"outcome": "failed"})
    return Section(
        key="tasks",
        title="Tasks that took the most time",
        columns={
            "runs": "runs",
            "total": "total",
            "wait_p95": "wait p95",
            "p50": "run p50",
            "p95": "run p95",
            "failed": "failed",
        },
        rows=[
            _row(reader, key[0], found, waits.get(key), failed.get(key))
            for key, found in largest(reader, _METRIC, "task")
        ],
        nothing="No task ran.",
    )


def _row(reader: Reader, name: str, found: Found, waits: Found | None, failed: Found | None) -> Row:
    failures = summed([failed] if failed else [], len(reader.windows))
    figures = {
        "runs": found.count(),
        "total": found.seconds(),
        "p50": found.quantile(0.5),
        "p95": found.quantile(0.95),
        "failed": amount(reader.windows, failures, "count", "low"),
    }
    if waits is not None:
        figures["wait_p95"] = waits.quantile(0.95)
    return Row(name, figures, lead="p95")
