"""Applies findings and takes them back, one at a time on each server, each step in the ledger."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Any

from dbsbm.db.engine import Database
from dbsbm.db.models import FindingRow, SchemaChange
from dbsbm.db.queries.findings import CHANGED, WAITING, State
from dbsbm.errors import UserError
from dbsbm.optimizer.applying.alter import NotChangedError, run_online
from dbsbm.optimizer.applying.changes import Kind
from dbsbm.optimizer.applying.ddl import Alteration, read_fix, read_statement
from dbsbm.optimizer.applying.journal import Journal
from dbsbm.optimizer.applying.layout import (
    clauses_between,
    columns_of,
    keys_of,
    names,
    same,
    without,
)
from dbsbm.optimizer.applying.plan import NoLongerTrueError, alter, drop_statement, make_plan
from dbsbm.optimizer.applying.settling import is_in_force
from dbsbm.optimizer.applying.target import TableGoneError, Target
from dbsbm.optimizer.applying.watching import read_totals

log = logging.getLogger(__name__)

APPROVAL_BYTES = 1 << 30
"""An index on a bigger table is not made unless a person has said so: it takes minutes of reading
and writing, and on MySQL replicas stand still meanwhile."""
_LONGEST_LAYOUT = 60_000
"""Bytes of a table's definition: the ledger takes 65,535, and it has to take the new one, too."""

_STATES: dict[str, State] = {
    "apply": "applied",
    "finish": "verified",
    "revert": "reverted",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a finding.

    Attributes:
        state: Of the finding now.
        statement: What was run, empty for nothing.
        said: A sentence for a person.
    """

    finding: str
    state: str
    statement: str
    said: str


class Applier:
    """Changes tables of one server.

    Args:
        database: The fleet's own, where the ledger is.
        target: A session on the server whose tables are changed.
        name: How the ledger calls the server and its database, empty for the fleet's own.
        actor: Who asks for it.
    """

    def __init__(self, database: Database, target: Target, *, name: str, actor: str) -> None:
        self._target = target
        self._journal = Journal(database, name=name, actor=actor)

    def apply(self, finding_id: str, *, approved: bool) -> Outcome:
        """Do what a finding asks for; what drops an index only hides it at first.

        Args:
            finding_id: The finding, or the beginning of its id.
            approved: A person wants it, however big the table is.

        Raises:
            UserError: It cannot be applied, or there is nothing left to do.
            LeaseTakenError: Another optimizer is changing the server.
            NotChangedError: The server refused, or the table's lock was not free; the table is as
                it was, and the finding too.
            ServerAwayError: The server went away; the next call of anything finds out what it did.
        """
        with self._target.lease():
            self._settle()
            finding = self._journal.load(finding_id)
            if finding.state not in {*WAITING, "reverted"}:
                raise UserError(f"This finding is {finding.state}: there is nothing to apply.")
            asked = read_fix(finding.fix, self._target.schema)
            if asked.others and not read_fix(finding.revert, self._target.schema).others:
                raise UserError(
                    "This finding's fix could not be undone: read it with `optimizer show`, and "
                    "act on it yourself."
                )
            try:
                layout = self._target.layout(asked.schema, asked.table)
                plan = make_plan(asked, layout, self._target.flavor)
            except (TableGoneError, NoLongerTrueError) as reason:
                self._journal.step(finding, "apply", "gone", {"said": str(reason)})
                raise UserError(f"{reason} The finding is gone.") from None
            if not approved:
                self._check_size(plan.change)
            watch = self._watch(plan.change)
            return self._do(
                finding, "apply", plan.change, statement=plan.first, before=layout, watch=watch
            )

    def finish(self, finding_id: str) -> Outcome:
        """Keep what was watched and did no harm: what was hidden is dropped.

        Raises:
            UserError: The finding is not applied, or its table is gone.
            LeaseTakenError: Another optimizer is changing the server.
            NotChangedError: The server refused; the finding stays applied.
            ServerAwayError: The server went away.
        """
        with self._target.lease():
            self._settle()
            finding = self._journal.load(finding_id)
            if finding.state != "applied":
                raise UserError(f"This finding is {finding.state}: there is nothing to end.")
            asked = read_fix(finding.fix, self._target.schema)
            try:
                layout = self._target.layout(asked.schema, asked.table)
            except TableGoneError as reason:
                self._journal.step(finding, "keep", "gone", {"said": str(reason)})
                raise UserError(f"{reason} The finding is gone.") from None
            drops = {name.lower() for name in asked.drops}
            left = [key.name for key in keys_of(layout) if key.name.lower() in drops]
            if not left:
                self._journal.step(finding, "keep", "verified", {})
                return Outcome(finding.id, "verified", "", "The change did no harm, and is kept.")
            return self._do(
                finding, "finish", asked, statement=drop_statement(asked, left), before=layout
            )

    def revert(self, finding_id: str) -> Outcome:
        """Undo all that was done for a finding, so that the table is as it was.

        What else was changed of the table meanwhile stays.

        Raises:
            UserError: Nothing was done for it.
            LeaseTakenError: Another optimizer is changing the server.
            NotChangedError: The server refused, or the table's lock was not free.
            ServerAwayError: The server went away.
        """
        with self._target.lease():
            self._settle()
            finding = self._journal.load(finding_id)
            done = self._journal.in_force(finding)
            if not done:
                raise UserError(_nothing_to_undo(finding))
            made = _joined([_made_by(change) for change in done])
            try:
                layout = self._target.layout(made.schema, made.table)
            except TableGoneError as reason:
                self._journal.step(finding, "revert", "gone", {"said": str(reason)})
                raise UserError(f"{reason} There is nothing to undo.") from None
            clauses = self._way_back(finding, made, done[0], layout)
            if not clauses:
                said = "Nothing of it is left: what else was changed of the table since stays."
                if same(layout, done[0].before):
                    said = "The table is already as it was."
                self._journal.step(finding, "revert", "reverted", {"said": said})
                return Outcome(finding.id, "reverted", "", said)
            return self._do(finding, "revert", made, statement=alter(made, clauses), before=layout)

    def settle(self) -> list[Outcome]:
        """Find out how changes ended that a crash has interrupted.

        Raises:
            LeaseTakenError: Another optimizer is changing the server.
            ServerAwayError: The server went away.
        """
        with self._target.lease():
            return self._settle()

    def _settle(self) -> list[Outcome]:
        return [self._settle_one(change) for change in self._journal.unsettled()]

    def _settle_one(self, change: SchemaChange) -> Outcome:
        finding = self._journal.load(change.finding_id)
        try:
            layout = self._target.layout(change.schema_name, change.table_name)
        except TableGoneError as reason:
            self._journal.close(finding, change, "failed", state="gone", said=str(reason))
            return Outcome(finding.id, "gone", "", str(reason))
        if is_in_force(change.statement, change.before, layout):
            return self._changed(finding, change, layout)
        said = "The change was interrupted, and was not made: the table is as it was."
        return self._failed(finding, change, said)

    def _do(
        self,
        finding: FindingRow,
        kind: Kind,
        asked: Alteration,
        *,
        statement: str,
        before: str,
        watch: dict[str, Any] | None = None,
    ) -> Outcome:
        """Write a statement down, carry it out, and write down how it ended."""
        self._target.check_writable()
        if (size := len(before.encode())) > _LONGEST_LAYOUT:
            raise UserError(
                f"The definition of {asked.full_name} has {size:,} bytes, and the ledger takes "
                f"{_LONGEST_LAYOUT:,}: read the finding with `optimizer show`, and act on it "
                "yourself."
            )
        change = self._journal.intend(
            finding, kind, asked, statement=statement, before=before, watch=watch
        )
        try:
            run_online(self._target, change.statement)
        except NotChangedError as reason:
            self._failed(finding, change, str(reason))
            raise
        try:
            layout = self._target.layout(change.schema_name, change.table_name)
        except (
            TableGoneError
        ):  # it was renamed meanwhile: what was done can be undone once it is back
            layout = ""
        return self._changed(finding, change, layout)

    def _changed(self, finding: FindingRow, change: SchemaChange, layout: str) -> Outcome:
        state = _STATES[change.kind]
        said = f"Done: the finding is {state}."
        if change.kind == "revert":
            said = self._compare(finding, change, layout)
        self._journal.close(finding, change, "done", state=state, said=said, after=layout)
        return Outcome(finding.id, state, change.statement, said)

    def _failed(self, finding: FindingRow, change: SchemaChange, said: str) -> Outcome:
        state: State = finding.state  # type: ignore[assignment]  # only the ledger sets it
        self._journal.close(finding, change, "failed", state=state, said=said, after=change.before)
        return Outcome(finding.id, state, "", said)

    def _compare(self, finding: FindingRow, change: SchemaChange, layout: str) -> str:
        done = self._journal.in_force(finding)
        if same(layout, done[0].before):
            return "Undone: the table is as it was, byte for byte."
        if same(change.before, done[-1].after or ""):
            log.warning(
                "A table is not quite as it was.", extra={"action": "optimizer.revert_differs"}
            )
            return "Undone, but the table is spelled in another way than before."
        return "Undone; what else was changed of the table since stays."

    def _way_back(
        self, finding: FindingRow, made: Alteration, first: SchemaChange, layout: str
    ) -> list[str]:
        now, before = keys_of(layout), keys_of(first.before)
        order = keys_of(self._journal.layout_before_all(first))
        wanted = without(now, before, made, order)
        clauses = clauses_between(now, wanted, self._target.flavor)
        if made.others:
            return [*clauses, *read_fix(finding.revert, self._target.schema).others]
        return clauses

    def _check_size(self, change: Alteration) -> None:
        size = self._target.bytes_of(change.schema, change.table)
        if size > APPROVAL_BYTES:
            raise UserError(
                f"{change.schema}.{change.table} has {size >> 20:,} MiB: a change of a table over "
                f"{APPROVAL_BYTES >> 20:,} MiB needs a person's word; see `optimizer approve`."
            )

    def _watch(self, change: Alteration) -> dict[str, Any] | None:
        totals = read_totals(self._target, change.schema, change.table)
        if totals is None:
            return None
        return {"before": totals, "start": totals, "verdicts": []}


def _made_by(change: SchemaChange) -> Alteration:
    """What a change did to its table, with what the server did along with it.

    A server drops the index that it made for a foreign key by itself once another one serves it.
    """
    made = read_statement(change.statement)
    if not change.after:
        return made
    left = names(keys_of(change.after))
    new = [columns_of(index.rest) + "," for index in made.adds]
    along = [
        key.name
        for key in keys_of(change.before)
        if key.name.lower() not in left and any(each.startswith(key.columns + ",") for each in new)
    ]
    return replace(made, drops=tuple(dict.fromkeys([*made.drops, *along])))


def _nothing_to_undo(finding: FindingRow) -> str:
    if finding.state in CHANGED and finding.revert:
        return (
            "No table was changed for this finding: undo it with what `optimizer show` names "
            "under Revert."
        )
    return f"This finding is {finding.state}: there is nothing to undo."


def _joined(parts: list[Alteration]) -> Alteration:
    """All that several statements did to one table."""
    return Alteration(
        parts[0].schema,
        parts[0].table,
        *(
            tuple(each for part in parts for each in getattr(part, name))
            for name in ("adds", "drops", "hides", "shows", "others")
        ),
    )
