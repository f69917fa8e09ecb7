"""Statements by the time they took, with their texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select

from dbsbm.dashboard.reading.stats import numbers, ratio, tidy
from dbsbm.dashboard.reading.tables import Query, Sources, TableRow
from dbsbm.dashboard.reading.tops import ROWS, href
from dbsbm.db.engine import Database
from dbsbm.db.models import SlowStatement, Statement

_SHOWN = 160


def statements(sources: Sources, query: Query) -> Sequence[TableRow]:
    """Fingerprints by the time they took: the slowest is not always the dearest."""
    span = query.span
    found = sources.history.top("db.query", span.since, span.until, by=("fingerprint",), limit=ROWS)
    whole = sum(each.total for each in sources.history.summary("db.query", span.since, span.until))
    texts = statement_texts(sources.database, [each.labels["fingerprint"] for each in found])
    return [
        TableRow(
            [
                _shortened(texts.get(each.labels["fingerprint"], each.labels["fingerprint"])),
                each.count,
                tidy(each.total),
                ratio(each.total, whole),
                *numbers(each, ("p50", "p95")),
                tidy(each.high),
            ],
            href("queries", each.labels["fingerprint"]),
        )
        for each in found
    ]


def statement_texts(database: Database, fingerprints: Iterable[str]) -> dict[str, str]:
    """The texts of fingerprints, as far as they are known."""
    wanted = list(fingerprints)
    with database.read() as session:
        rows = session.execute(
            select(Statement.fingerprint, Statement.text).where(Statement.fingerprint.in_(wanted))
        )
        return {fingerprint: text for fingerprint, text in rows}  # noqa: C416 - rows are no pairs


def plan_of(slow: SlowStatement | None) -> str | None:
    """The plan that was taken when the statement was slow, as lines."""
    if slow is None or not slow.plan:
        return None
    lines = []
    for step in slow.plan:
        known = (f"{name}: {value}" for name, value in step.items() if value is not None)
        lines.append("  ".join(known))
    return "\n".join(lines)


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"
