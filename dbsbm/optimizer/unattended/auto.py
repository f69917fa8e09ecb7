"""One round of the optimizer at work by itself: settle, judge, prove, apply."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session

from dbsbm.db.engine import Database
from dbsbm.db.models import FindingRow
from dbsbm.db.queries.findings import GRAVITY, WAITING, State
from dbsbm.errors import DbsbmError, TransientError, UserError
from dbsbm.optimizer import ledger
from dbsbm.optimizer.applying import changes
from dbsbm.optimizer.applying.alter import IndexNeededError
from dbsbm.optimizer.applying.applier import Applier, Outcome
from dbsbm.optimizer.applying.ddl import read_fix
from dbsbm.optimizer.applying.target import TableGoneError, Target
from dbsbm.optimizer.applying.watching import read_totals
from dbsbm.optimizer.finding import short_id
from dbsbm.optimizer.proof.bench import Bench, HurriedBench
from dbsbm.optimizer.proof.prove import layout_digest
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.unattended.proving import is_fresh, prove_finding, read_load
from dbsbm.optimizer.unattended.watch import WINDOW, Conclusion, close_window, watched

log = logging.getLogger(__name__)

ACTOR: Final = "auto"
DAILY_CHANGES: Final = 3
"""Findings that are applied in a day: as many as a person can look after."""
PROOFS: Final = 3
"""Findings that are proved in one round: a proof may take two minutes."""
_DAY = timedelta(days=1)
_RULES: Final = "index."
_SAFE = ("none", "low")


@dataclass(slots=True)
class Round:
    """What a round did, or would do.

    Attributes:
        done: What became of findings.
        left: Why findings were left alone, by their id.
        would: Ids of findings that would be tried, and applied if they are proved.
    """

    done: list[Outcome] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)
    would: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "done": [
                {"finding": each.finding, "state": each.state, "said": each.said}
                for each in self.done
            ],
            "left": self.left,
            "would": self.would,
        }


def work(
    database: Database,
    address: SecretStr,
    *,
    name: str = "",
    dry: bool = False,
    hurried: bool = False,
    window: timedelta = WINDOW,
) -> Round:
    """Do one round on one server, under its one lease.

    Changes that were interrupted are settled. Those that were watched long enough are kept or
    taken back. Then findings about indexes that risk little are tried on copies, and applied where
    they are proved: few a day, one at a time for each table, none on a big table that no person
    has approved.

    Args:
        database: The fleet's own, where the ledger is.
        address: Of the server.
        name: How the ledger calls it.
        dry: Change nothing, and try nothing.
        hurried: Take about a minute: one finding is tried, and for no longer than that allows.
        window: How long each of the windows is in which a change is watched.

    Raises:
        UserError: The database is none of a MySQL or MariaDB server.
        LeaseTakenError: Another optimizer is changing the server.
        ServerAwayError: The server went away; the next round settles what it did.
    """
    if dry:
        would, left = _candidates(database, name)
        return Round(left=left, would=[each.id for each in would])
    with Target(address) as target, target.lease():
        applier = Applier(database, target, name=name, actor=ACTOR)
        done = Round(done=applier.settle())
        _close_windows(database, target, applier, done, name=name, window=window)
        works = _Works(database, target, applier, done, name=name, hurried=hurried)
        works.apply_what_helps(address)
        return done


def _close_windows(
    database: Database,
    target: Target,
    applier: Applier,
    done: Round,
    *,
    name: str,
    window: timedelta,
) -> None:
    with database.read() as session:
        open_changes = watched(session, name)
    for change in open_changes:
        conclusion = close_window(database, target, change, now=datetime.now(UTC), window=window)
        if conclusion == "wait":
            continue
        try:
            done.done.append(_end(applier, change.finding_id, conclusion))
        except TransientError:
            raise
        except DbsbmError as reason:  # it stays applied, and the next window ends it
            done.left[change.finding_id] = str(reason)


def _end(applier: Applier, finding: str, conclusion: Conclusion) -> Outcome:
    if conclusion == "keep":
        try:
            return applier.finish(finding)
        except IndexNeededError:  # since it was hidden: it would stay so for ever
            log.info("A foreign key needs a hidden index.", extra={"action": "optimizer.needed"})
    return applier.revert(finding)


class _Works:
    """The second half of a round."""

    def __init__(
        self,
        database: Database,
        target: Target,
        applier: Applier,
        done: Round,
        *,
        name: str,
        hurried: bool,
    ) -> None:
        self._database = database
        self._target = target
        self._applier = applier
        self._done = done
        self._name = name
        self._case: Case | None = None
        self._proofs_left = 1 if hurried else PROOFS
        self._bench = HurriedBench if hurried else Bench

    def apply_what_helps(self, address: SecretStr) -> None:
        candidates, left = _candidates(self._database, self._name)
        self._done.left.update(left)
        for finding in candidates:
            try:
                self._take_on(finding, address)
            except TransientError:
                raise
            except (TableGoneError, UserError) as reason:
                self._done.left[finding.id] = str(reason)
            except DbsbmError as reason:
                log.warning(
                    "A finding could not be applied: %s",
                    reason,
                    extra={"action": "optimizer.auto_failed", "finding": finding.id},
                )
                self._done.left[finding.id] = str(reason)

    def _take_on(self, finding: FindingRow, address: SecretStr) -> None:
        change = read_fix(finding.fix, self._target.schema)
        place = (change.schema, change.table)
        reason = self._why_not(place)
        if reason is None:
            layout = layout_digest(self._target.layout(*place))
            proof = finding.proof if is_fresh(finding, layout) else self._prove(finding, address)
            if proof is None:
                reason = "Enough was tried in this round."
            elif proof["verdict"] != "proved":
                reason = " ".join(proof["reasons"])
            elif not self._is_still_proved(finding.id, place):
                reason = "It, or its table, was changed while it was proved: the next round looks."
        if reason is not None:
            self._done.left[finding.id] = reason
            return
        approved = is_approved(self._database, finding.id)
        self._done.done.append(self._applier.apply(finding.id, approved=approved))

    def _is_still_proved(self, finding_id: str, place: tuple[str, str]) -> bool:
        """A proof takes a while, in which a person or an analysis may have been here."""
        layout = layout_digest(self._target.layout(*place))
        with self._database.read() as session:
            return is_fresh(session.get_one(FindingRow, finding_id), layout)

    def _why_not(self, place: tuple[str, str]) -> str | None:
        with self._database.read() as session:
            since = datetime.now(UTC) - _DAY
            spent = changes.count_since(session, self._name, ACTOR, since)
            tables = {(each.schema_name, each.table_name) for each in watched(session, self._name)}
        if spent >= DAILY_CHANGES:
            return f"{DAILY_CHANGES} changes were made in the last day, which is the budget."
        if place in tables:
            return "Another change of the table is still being watched."
        if read_totals(self._target, *place) is None:
            return "The server does not count its statements, so that nothing could be watched."
        return None

    def _prove(self, finding: FindingRow, address: SecretStr) -> dict[str, Any] | None:
        if self._proofs_left == 0:
            return None
        self._proofs_left -= 1
        if self._case is None:
            self._case = read_load(address)
        with self._bench(address) as bench:
            return prove_finding(self._database, bench, self._case, finding, actor=ACTOR)


def _candidates(database: Database, name: str) -> tuple[list[FindingRow], dict[str, str]]:
    """Findings about indexes that wait, the gravest first; and why others are left alone."""
    with database.read() as session:
        rows = session.scalars(
            select(FindingRow)
            .where(
                FindingRow.target == name,
                FindingRow.state.in_(WAITING),
                FindingRow.rule.startswith(_RULES),
            )
            .order_by(GRAVITY, FindingRow.confidence.desc(), FindingRow.id)
        ).all()
    risky = {
        row.id: f"Its risk is {row.risk}: a person has to apply it."
        for row in rows
        if row.risk not in _SAFE
    }
    return [row for row in rows if row.id not in risky], risky


def is_approved(database: Database, finding_id: str) -> bool:
    """Tell whether a person has approved what a finding asks for now, since it was last found."""
    with database.read() as session:
        fix = session.get_one(FindingRow, finding_id).fix
        approved = False
        for step in ledger.steps(session, finding_id):
            if step.step == "approve":
                approved = step.detail.get("fix") == fix
            elif step.state == "gone":
                approved = False
        return approved


def approve(database: Database, finding_id: str, *, actor: str) -> FindingRow:
    """Let `auto` do what a finding asks for now, however big its table is.

    Raises:
        UserError: There is no such finding, its fix changes no table, or `auto` never does it.
    """

    def write(session: Session) -> FindingRow:
        row = ledger.find(session, finding_id)
        read_fix(row.fix, "")
        name = short_id(row.id)
        if row.state not in WAITING:
            raise UserError(
                f"`auto` has nothing to do for this finding, as it is {row.state}: `optimizer show "
                f"{name}` names what a person can do."
            )
        is_risky = row.risk not in _SAFE
        if is_risky or not row.rule.startswith(_RULES):
            why = f"its risk is {row.risk}" if is_risky else "it is not about an index"
            raise UserError(
                f"`auto` leaves this finding to a person, as {why}: try it with `optimizer prove "
                f"{name}`, then do it with `optimizer apply {name}`."
            )
        state: State = row.state
        ledger.take_step(session, row, "approve", state, actor=actor, detail={"fix": row.fix})
        return row

    return database.transact(write)
