"""What failed, how often, and what failed most."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from dbsbm.monitor.report.model import Figure, Row, Section
from dbsbm.monitor.report.reader import Found, Key, Reader, amount, ratio
from dbsbm.monitor.report.sections.largest import summed


def errors(reader: Reader) -> Section:
    """Failures of each kind, with their share of all that was tried."""
    rows = [
        _counted(reader, "task failures", "task.failures", ("task", "error"), "task.run"),
        _counted(reader, "query errors", "db.errors", ("error",), "db.query"),
        _observed(reader, "provider errors", "provider.call", _is_bad_call),
        _observed(reader, "Discord errors", "discord.rest", _is_bad_status),
        _counted(reader, "processes lost", "worker.lost", ("role", "cause"), None),
        *_dead_letters(reader),
    ]
    is_measured = bool(reader.span.measured)
    return Section(
        key="errors",
        title="Errors",
        columns={"count": "count", "share": "share"},
        rows=rows if is_measured else [],
        nothing="Nothing was measured that could fail.",
    )


def _is_bad_call(key: Key) -> bool:
    return key[-1] != "ok"


def _is_bad_status(key: Key) -> bool:
    return not key[-1].startswith("2")


def _counted(
    reader: Reader, title: str, metric: str, labels: Sequence[str], tried: str | None
) -> Row:
    """A kind of failure that has a counter of its own."""
    totals = reader.all(metric).totals()
    figures = {"count": amount(reader.windows, totals, "count", "low")}
    if tried is not None:
        figures["share"] = ratio(totals, reader.all(tried).counts(), "low")
    found = {key: each.totals()[0] for key, each in reader.by(metric, *labels).items()}
    return Row(title, figures, lead="count", detail=_most(found))


def _observed(reader: Reader, title: str, metric: str, is_bad: Callable[[Key], bool]) -> Row:
    """A kind of failure that is one of the outcomes of what is timed."""
    labels = ("provider", "endpoint") if metric == "provider.call" else ("route",)
    found = reader.by(metric, *labels, "outcome")
    bad = {key: each for key, each in found.items() if is_bad(key)}
    counts = summed(bad.values(), len(reader.windows))
    figures = {
        "count": amount(reader.windows, counts, "count", "low"),
        "share": ratio(counts, summed(found.values(), len(reader.windows)), "low"),
    }
    return Row(title, figures, lead="count", detail=_most(_counts(bad)))


def _counts(found: Mapping[Key, Found]) -> dict[Key, float]:
    return {key: each.counts()[0] for key, each in found.items()}


def _most(counts: Mapping[Key, float]) -> str:
    """What failed most, and how often; empty where nothing did."""
    key = max(counts, key=lambda key: counts[key], default=())
    return f"mostly {' '.join(key)} ({counts[key]:,.0f})" if counts.get(key) else ""


def _dead_letters(reader: Reader) -> list[Row]:
    found = reader.all("deadletters.open")
    if found.now is None:
        return []
    last: Figure = found.last("count")
    return [Row("open dead letters", {"count": last}, lead="count")]
