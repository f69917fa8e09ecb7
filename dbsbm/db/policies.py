"""The changes of the cache's policies: what is in force, and who changed what, when and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dbsbm.db.models import CachePolicy


def in_force(session: Session) -> tuple[int, dict[str, dict[str, Any]]]:
    """Return the number of changes there ever were, and what they come to by category."""
    rows = session.scalars(select(CachePolicy).order_by(CachePolicy.id)).all()
    together: dict[str, dict[str, Any]] = {}
    for row in rows:
        before = together.get(row.category, {})
        together[row.category] = {**before, **row.changes} if row.changes else {}
    return len(rows), {category: changes for category, changes in together.items() if changes}


def record(
    session: Session, category: str, changes: Mapping[str, Any], *, changed_by: str, reason: str
) -> None:
    """Write a change down.

    Args:
        session: Of a transaction; the change is in force when it commits.
        category: The name of the category.
        changes: Fields as JSON has them; none to undo all changes before.
        changed_by: Who wants it.
        reason: Why.
    """
    session.add(
        CachePolicy(
            category=category,
            changes=dict(changes),
            changed_by=changed_by[:100],
            reason=reason[:500],
            changed_at=datetime.now(UTC),
        )
    )


def history(session: Session, category: str | None = None, *, limit: int) -> Sequence[CachePolicy]:
    """Return the newest changes, of one category or of all, newest first."""
    query = select(CachePolicy).order_by(CachePolicy.id.desc()).limit(limit)
    if category is not None:
        query = query.where(CachePolicy.category == category)
    return session.scalars(query).all()
