"""What an applier writes down of its steps, and reads back, in the fleet's own database."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from dbsbm.db.engine import Database
from dbsbm.db.models import FindingRow, SchemaChange
from dbsbm.db.queries.findings import State
from dbsbm.errors import UserError
from dbsbm.optimizer import ledger
from dbsbm.optimizer.applying import changes
from dbsbm.optimizer.applying.ddl import Alteration

log = logging.getLogger(__name__)


class Journal:
    """The ledger as one applier uses it: every write is committed before the call returns.

    Args:
        database: The fleet's own.
        name: How the ledger calls the server and its database that is changed.
        actor: Who asks for it.
    """

    def __init__(self, database: Database, *, name: str, actor: str) -> None:
        self._database = database
        self._name = name
        self._actor = actor

    def load(self, finding_id: str) -> FindingRow:
        """The finding of an id, or of the beginning of one.

        Raises:
            UserError: There is none, or it is about another server.
        """
        with self._database.read() as session:
            finding = ledger.find(session, finding_id)
        if finding.target != self._name:
            place = finding.target or "the fleet's own database"
            raise UserError(f"This finding is about {place}: give its address.")
        return finding

    def in_force(self, finding: FindingRow) -> Sequence[SchemaChange]:
        """What was done for a finding and not undone, the oldest first."""
        with self._database.read() as session:
            return changes.in_force(session, finding.id)

    def layout_before_all(self, change: SchemaChange) -> str:
        """See `changes.layout_before_all`."""
        with self._database.read() as session:
            return changes.layout_before_all(session, change)

    def unsettled(self) -> Sequence[SchemaChange]:
        """Changes of which nobody knows how they ended, the oldest first."""
        with self._database.read() as session:
            return changes.unsettled(session, self._name)

    def intend(
        self,
        finding: FindingRow,
        kind: changes.Kind,
        change: Alteration,
        *,
        statement: str,
        before: str,
        watch: dict[str, Any] | None = None,
    ) -> SchemaChange:
        """Write down what is about to be done."""
        return self._database.transact(
            lambda session: changes.intend(
                session,
                finding_id=finding.id,
                target=self._name,
                kind=kind,
                actor=self._actor,
                table=(change.schema, change.table),
                statement=statement,
                before=before,
                watch=watch,
            )
        )

    def close(
        self,
        finding: FindingRow,
        change: SchemaChange,
        end: changes.End,
        *,
        state: State,
        said: str,
        after: str | None = None,
    ) -> None:
        """Write down how a change ended and what the finding is now, both or neither.

        Args:
            finding: The finding.
            change: What was intended.
            end: How it ended.
            state: Of the finding.
            said: A sentence about it.
            after: What SHOW CREATE TABLE prints now.
        """

        def write(session: Session) -> None:
            changes.end(session, change.id, end, after=after, detail=said)
            if change.kind == "revert" and end == "done":
                _undo(session, finding)
            step = change.kind if end == "done" else f"{change.kind} failed"
            detail = {"statement": change.statement, "said": said}
            self._step(session, finding, step, state, detail)

        self._database.transact(write)

    def step(self, finding: FindingRow, step: str, state: State, detail: Mapping[str, Any]) -> None:
        """Write down a step that changes no table, and what the finding is now."""

        def write(session: Session) -> None:
            if step == "revert":
                _undo(session, finding)
            self._step(session, finding, step, state, detail)

        self._database.transact(write)

    def _step(
        self,
        session: Session,
        finding: FindingRow,
        step: str,
        state: State,
        detail: Mapping[str, Any],
    ) -> None:
        row = session.get_one(FindingRow, finding.id)
        ledger.take_step(session, row, step, state, actor=self._actor, detail=detail)
        log.info(
            "The finding about %s is %s after the step %s.",
            finding.object,
            state,
            step,
            extra={"action": "optimizer.step", "finding": finding.id},
        )


def _undo(session: Session, finding: FindingRow) -> None:
    for change in changes.in_force(session, finding.id):
        changes.end(session, change.id, "undone", after=change.after, detail=change.detail)
