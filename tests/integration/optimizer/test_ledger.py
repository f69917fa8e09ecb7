"""What an analysis may change of a finding about which something was done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from dbsbm.db.engine import Database
from dbsbm.db.models import FindingRow
from dbsbm.db.queries.findings import State
from dbsbm.errors import UserError
from dbsbm.optimizer import ledger
from dbsbm.optimizer.applying import changes
from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.unattended.auto import approve, is_approved
from dbsbm.optimizer.unattended.proving import is_fresh
from dbsbm.optimizer.unattended.watch import watched

FIX, OTHER = "ALTER TABLE s.t ADD INDEX a (a)", "ALTER TABLE s.t ADD INDEX a (a), DROP INDEX b"


@pytest.fixture
def database(migrated_sqlite_url: str) -> Iterator[Database]:
    database = Database(SecretStr(migrated_sqlite_url))
    yield database
    database.dispose()


def find(
    database: Database, fix: str, *, rule: str = "index.missing", risk: Any = "low"
) -> FindingRow:
    """As an analysis does that finds it, and return the row."""
    found = Finding(
        rule=rule,
        object="s.t(a)",
        severity="warning",
        cause="It is slow.",
        evidence={},
        fix=(fix,),
        expected_gain="much",
        confidence=0.9,
        risk=risk,
    )
    database.transact(
        lambda session: ledger.record(
            session, [found], blind_rules=(), run_id=1, now=datetime.now(UTC)
        )
    )
    with database.read() as session:
        return ledger.find(session, found.id)


def bring(database: Database, finding: FindingRow, state: State, *, proof: bool = False) -> None:
    def write(session: object) -> None:
        row = ledger.find(session, finding.id)  # type: ignore[arg-type]
        if proof:
            tried_at = datetime.now(UTC).isoformat()
            row.proof = {"layout": "x", "fix": list(row.fix), "tried_at": tried_at}
        ledger.take_step(session, row, "a test", state, actor="a test")  # type: ignore[arg-type]

    database.transact(write)


def test_a_proof_is_of_one_fix_alone(database: Database) -> None:
    bring(database, find(database, FIX), "proved", proof=True)
    same = find(database, FIX)
    assert (same.state, is_fresh(same, "x"), is_fresh(same, "y")) == ("proved", True, False)
    other = find(database, OTHER)
    assert (other.state, other.proof) == ("open", None)
    other.proof = same.proof
    assert not is_fresh(other, "x")


def test_the_fix_of_what_is_applied_stays(database: Database) -> None:
    bring(database, find(database, FIX), "applied")
    assert find(database, OTHER).fix == [FIX]


def test_an_approval_is_of_one_fix_and_ends_with_the_finding(database: Database) -> None:
    finding = find(database, FIX)
    approve(database, finding.id, actor="a person")
    assert is_approved(database, finding.id)
    find(database, OTHER)
    assert not is_approved(database, finding.id)
    find(database, FIX)
    bring(database, finding, "gone")
    find(database, FIX)
    assert not is_approved(database, finding.id)


def test_what_auto_never_does_cannot_be_approved(database: Database) -> None:
    grows = find(database, FIX, rule="schema.key_running_out")
    with pytest.raises(UserError, match=f"do it with `optimizer apply {grows.id[:8]}`"):
        approve(database, grows.id, actor="a person")
    risky = find(database, FIX, risk="high")
    with pytest.raises(UserError, match="its risk is high: try it"):
        approve(database, risky.id, actor="a person")
    bring(database, find(database, FIX), "dismissed")
    with pytest.raises(UserError, match="is dismissed"):
        approve(database, risky.id, actor="a person")
    with database.read() as session:
        steps = [*ledger.steps(session, grows.id), *ledger.steps(session, risky.id)]
    assert "approve" not in {step.step for step in steps}


def test_of_what_was_applied_again_the_last_change_is_watched(database: Database) -> None:
    finding = find(database, FIX)
    bring(database, finding, "applied")

    def apply(session: object) -> int:
        change = changes.intend(
            session,  # type: ignore[arg-type]
            finding_id=finding.id,
            target="",
            kind="apply",
            actor="a test",
            table=("s", "t"),
            statement=FIX,
            before="",
        )
        changes.end(session, change.id, "done", after="")  # type: ignore[arg-type]
        return change.id

    _, last = database.transact(apply), database.transact(apply)
    with database.read() as session:
        assert [change.id for change in watched(session, "")] == [last]
