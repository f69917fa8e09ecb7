"""Evidence: what an incident is made of, and what was changed shortly before it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dbsbm.db import changes
from dbsbm.db.models import Statement
from dbsbm.errors import TransientError
from dbsbm.monitor.alerts.rule import Rule
from dbsbm.monitor.store.history import History
from dbsbm.monitor.store.reading import Summary

log = logging.getLogger(__name__)

BEFORE = timedelta(minutes=15)
_PARTS = 3
_CHANGES = 10
_TEXT_LENGTH = 300


def gather(
    session: Session, history: History, rule: Rule, since: datetime, until: datetime
) -> dict[str, Any]:
    """What to show with an incident; every part of it may be empty.

    Args:
        session: For the changes, and the texts of statements.
        history: Holds the parts.
        rule: The rule that fired.
        since: When the condition began.
        until: Now.

    Returns:
        `top`: the largest parts, each with `labels`, `share` of all (0 to 1), `count`, `mean` and
        `text` where the part is a statement. `changes`: the newest first, of the 15 minutes before
        it began and since, each with `at` (ISO 8601), `kind`, `summary` and `by`.
    """
    return {
        "top": _top(session, history, rule, since, until),
        "changes": [
            {
                "at": change.at.isoformat(timespec="seconds"),
                "kind": change.kind,
                "summary": change.summary,
                "by": change.by,
            }
            for change in changes.between(session, since - BEFORE, until)[:_CHANGES]
        ],
    }


def _top(
    session: Session, history: History, rule: Rule, since: datetime, until: datetime
) -> list[dict[str, Any]]:
    if not rule.evidence_by:
        return []
    metric = rule.evidence_metric or rule.signal.metric
    try:
        found = history.top(metric, since, until, by=rule.evidence_by, limit=10_000)
    except TransientError:
        log.warning("No evidence: the history did not answer.", extra={"action": "alerts.blind"})
        return []
    whole = sum(each.total for each in found)
    parts = [_part(each, whole) for each in found[:_PARTS] if each.total > 0]
    _add_texts(session, parts)
    return parts


def _part(summary: Summary, whole: float) -> dict[str, Any]:
    return {
        "labels": dict(summary.labels),
        "share": round(summary.total / whole, 4),
        "count": summary.count,
        "mean": summary.mean,
    }


def _add_texts(session: Session, parts: Sequence[dict[str, Any]]) -> None:
    """Statements' texts, which hold no literals."""
    for part in parts:
        fingerprint = part["labels"].get("fingerprint")
        if fingerprint:
            text = session.scalar(
                select(Statement.text).where(Statement.fingerprint == fingerprint)
            )
            part["text"] = (text or "")[:_TEXT_LENGTH]
