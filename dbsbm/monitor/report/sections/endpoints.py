"""The providers' endpoints that were waited for the longest."""

from __future__ import annotations

from collections import defaultdict

from dbsbm.monitor.report.model import Row, Section
from dbsbm.monitor.report.reader import Found, Key, Reader, ratio
from dbsbm.monitor.report.sections.largest import largest, share, summed

_METRIC = "provider.call"
_BOTH = ("provider", "endpoint")


def endpoints(reader: Reader) -> Section:
    """By the time their calls took together, with the share of those that failed."""
    failed: dict[Key, list[Found]] = defaultdict(list)
    for (provider, endpoint, outcome), found in reader.by(_METRIC, *_BOTH, "outcome").items():
        if outcome != "ok":
            failed[provider, endpoint].append(found)
    return Section(
        key="endpoints",
        title="Provider endpoints that took the most time",
        columns={
            "calls": "calls",
            "total": "total",
            "p95": "p95",
            "share": "share",
            "errors": "errors",
        },
        rows=[
            _row(reader, " ".join(key), found, failed[key])
            for key, found in largest(reader, _METRIC, *_BOTH)
        ],
        nothing="No provider was called.",
    )


def _row(reader: Reader, name: str, found: Found, failed: list[Found]) -> Row:
    figures = {
        "calls": found.count(),
        "total": found.seconds(),
        "p95": found.quantile(0.95),
        "share": share(reader, _METRIC, found),
        "errors": ratio(summed(failed, len(reader.windows)), found.counts(), "low"),
    }
    return Row(name, figures, lead="p95")
