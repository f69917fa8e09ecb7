"""Proofs of findings, kept with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pydantic import SecretStr
from sqlalchemy.orm import Session

from dbsbm.db.engine import Database
from dbsbm.db.models import FindingRow
from dbsbm.db.queries.findings import WAITING, State
from dbsbm.errors import UserError
from dbsbm.optimizer import ledger
from dbsbm.optimizer.proof.bench import Bench
from dbsbm.optimizer.proof.prove import prove
from dbsbm.optimizer.server.case import Case
from dbsbm.optimizer.server.connection import Connection
from dbsbm.optimizer.server.snapshot import read_case

LOAD_WINDOW: Final = timedelta(hours=24)
"""Statements that did not run for so long are not replayed."""
_FRESH: Final = timedelta(hours=24)
"""A proof is good for so long: then the load may be another."""


def read_load(address: SecretStr) -> Case:
    """Read the server that findings are to be proved on.

    Raises:
        ServerRefusedError: There is nothing that the user may see.
        ServerAwayError: The server does not answer.
    """
    with Connection(address) as reader:
        return read_case(reader, since=LOAD_WINDOW)


def prove_finding(
    database: Database, bench: Bench, case: Case, finding: FindingRow, *, actor: str
) -> dict[str, Any]:
    """Try a finding on copies, and write the proof down with it.

    Args:
        database: The fleet's own, where the ledger is.
        bench: A session on the finding's server.
        case: What was just read of it.
        finding: What is to be tried.
        actor: Who asks for it.

    Raises:
        UserError: The finding's state or its fix allow no proof.
        ServerAwayError: The server went away.
    """
    if finding.state not in {*WAITING, "reverted"}:
        raise UserError(f"This finding is {finding.state}: there is nothing to prove.")
    proof = prove(case, ledger.as_finding(finding), bench)

    def write(session: Session) -> None:
        row = session.get_one(FindingRow, finding.id)
        row.proof = proof
        state: State = row.state  # type: ignore[assignment]  # only the ledger sets it
        if row.state in WAITING:
            is_proved = proof["verdict"] == "proved" and proof["fix"] == row.fix
            state = "proved" if is_proved else "open"
        detail = {"verdict": proof["verdict"], "reasons": proof["reasons"]}
        ledger.take_step(session, row, "prove", state, actor=actor, detail=detail)

    database.transact(write)
    return proof


def is_fresh(finding: FindingRow, layout: str) -> bool:
    """Tell whether a finding's proof is of its fix and of the table as it is, and not old.

    Args:
        finding: With or without a proof.
        layout: The digest of the table's layout now.
    """
    proof = finding.proof
    if not proof or "tried_at" not in proof:
        return False
    if (proof.get("layout"), proof.get("fix")) != (layout, finding.fix):
        return False
    return datetime.now(UTC) - datetime.fromisoformat(proof["tried_at"]) < _FRESH
