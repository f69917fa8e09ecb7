"""The changes of schemas in the ledger: each is written down before it is made."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dbsbm.db.models import SchemaChange
from dbsbm.optimizer.applying.layout import same

Kind = Literal["apply", "finish", "revert"]
End = Literal["done", "failed", "undone"]
_LONGEST_DETAIL = 500


def intend(
    session: Session,
    *,
    finding_id: str,
    target: str,
    kind: Kind,
    actor: str,
    table: tuple[str, str],
    statement: str,
    before: str,
    watch: dict[str, Any] | None = None,
) -> SchemaChange:
    """Write down what is about to be done, so that a crash in the middle can be settled."""
    change = SchemaChange(
        finding_id=finding_id,
        target=target,
        kind=kind,
        state="intended",
        actor=actor,
        schema_name=table[0],
        table_name=table[1],
        statement=statement,
        before=before,
        watch=watch,
        intended_at=datetime.now(UTC),
    )
    session.add(change)
    session.flush()
    return change


def end(
    session: Session, change_id: int, state: End, *, after: str | None = None, detail: str = ""
) -> None:
    """Write down how a change ended."""
    change = session.get_one(SchemaChange, change_id)
    change.state, change.after = state, after
    change.detail, change.ended_at = detail[:_LONGEST_DETAIL], datetime.now(UTC)


def unsettled(session: Session, target: str) -> Sequence[SchemaChange]:
    """Changes of which nobody knows how they ended, the oldest first."""
    return session.scalars(
        select(SchemaChange)
        .where(SchemaChange.target == target, SchemaChange.state == "intended")
        .order_by(SchemaChange.id)
    ).all()


_IN_FORCE: Final = (SchemaChange.state == "done", SchemaChange.kind != "revert")


def in_force(session: Session, finding_id: str) -> Sequence[SchemaChange]:
    """What was done for a finding and not undone, the oldest first."""
    return session.scalars(
        select(SchemaChange)
        .where(SchemaChange.finding_id == finding_id, *_IN_FORCE)
        .order_by(SchemaChange.id)
    ).all()


def with_any_in_force(session: Session, finding_ids: Collection[str]) -> set[str]:
    """Those of the findings for which something was done that was not undone."""
    return set(
        session.scalars(
            select(SchemaChange.finding_id)
            .where(SchemaChange.finding_id.in_(finding_ids), *_IN_FORCE)
            .distinct()
        )
    )


def layout_before_all(session: Session, change: SchemaChange) -> str:
    """The table's layout before the first of the changes of which nobody else made one between.

    Changes may be taken back in any order; where an index stood is only known from before them all.
    """
    layout = change.before
    earlier = session.scalars(
        select(SchemaChange)
        .where(
            SchemaChange.target == change.target,
            SchemaChange.schema_name == change.schema_name,
            SchemaChange.table_name == change.table_name,
            SchemaChange.id < change.id,
        )
        .order_by(SchemaChange.id.desc())
    )
    for each in earlier:
        if each.after is None or not same(each.after, layout):
            break
        layout = each.before
    return layout


def count_since(session: Session, target: str, actor: str, since: datetime) -> int:
    """How many findings an actor has applied, or tried to, since a time."""
    return (
        session.scalar(
            select(func.count())
            .select_from(SchemaChange)
            .where(
                SchemaChange.target == target,
                SchemaChange.actor == actor,
                SchemaChange.kind == "apply",
                SchemaChange.intended_at >= since,
            )
        )
        or 0
    )
