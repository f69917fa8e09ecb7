"""What was changed in the fleet, when and by whom: the first thing to look at when it breaks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from dbsbm.db.models import Change

Kind = Literal["deploy", "migration", "setting", "policy", "schema"]


def record(session: Session, kind: Kind, summary: str, by: str) -> None:
    """Write a change down, in the transaction that makes it.

    Args:
        session: Of that transaction.
        kind: What was changed.
        summary: A sentence for people, without secrets.
        by: Who changed it.
    """
    session.add(Change(at=datetime.now(UTC), kind=kind, summary=summary[:500], by=by[:100]))


def between(session: Session, since: datetime, until: datetime) -> Sequence[Change]:
    """The changes of a span, newest first."""
    query = select(Change).where(Change.at >= since, Change.at <= until)
    return session.scalars(query.order_by(Change.at.desc(), Change.id.desc())).all()
