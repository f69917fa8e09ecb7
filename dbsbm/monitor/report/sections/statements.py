"""The statements that took the most of the database's time."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from dbsbm.db.engine import Database
from dbsbm.db.models import Statement
from dbsbm.monitor.report.model import Row, Section
from dbsbm.monitor.report.reader import Found, Reader
from dbsbm.monitor.report.sections.largest import largest, share

_METRIC = "db.query"


def statements(reader: Reader, database: Database) -> Section:
    """By the time they took together: the slowest is not always the dearest."""
    found = largest(reader, _METRIC, "fingerprint")
    texts = _texts(database, [fingerprint for (fingerprint,), _ in found])
    return Section(
        key="statements",
        title="Statements that took the most time",
        columns={"calls": "calls", "total": "total", "p95": "p95", "share": "share"},
        rows=[
            _row(reader, fingerprint, texts.get(fingerprint, ""), each)
            for (fingerprint,), each in found
        ],
        nothing="No statement was measured.",
    )


def _texts(database: Database, fingerprints: Sequence[str]) -> dict[str, str]:
    """The texts of fingerprints, which are without literals, as far as they are known."""
    with database.read() as session:
        rows = session.execute(
            select(Statement.fingerprint, Statement.text).where(
                Statement.fingerprint.in_(fingerprints)
            )
        )
        return {fingerprint: text for fingerprint, text in rows}  # noqa: C416 - rows are no pairs


def _row(reader: Reader, fingerprint: str, text: str, found: Found) -> Row:
    figures = {
        "calls": found.count(),
        "total": found.seconds(),
        "p95": found.quantile(0.95),
        "share": share(reader, _METRIC, found),
    }
    return Row(fingerprint, figures, lead="p95", detail=text)
