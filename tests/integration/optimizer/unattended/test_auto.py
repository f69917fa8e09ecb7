from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from dbsbm.db.engine import Database
from dbsbm.optimizer import ledger
from dbsbm.optimizer.applying import applier as applying
from dbsbm.optimizer.applying import target
from dbsbm.optimizer.applying.applier import Applier
from dbsbm.optimizer.applying.layout import same
from dbsbm.optimizer.applying.target import LeaseTakenError, Target
from dbsbm.optimizer.finding import Finding, Risk
from dbsbm.optimizer.unattended import auto
from dbsbm.optimizer.unattended.auto import Round, approve, work
from dbsbm.optimizer.unattended.proving import prove_finding
from tests.integration.optimizer.trials import Trials

ADD = "ALTER TABLE bets ADD INDEX by_game (game)"
BY_GAME = "SELECT id, state FROM bets WHERE game = 17"
BY_STATE = "SELECT COUNT(*) FROM bets WHERE state = 'open'"


class Fleet:
    """A ledger about a database under trial."""

    def __init__(self, trials: Trials, database: Database) -> None:
        self.trials = trials
        self.database = database

    def find(self, fix: str, *, risk: Risk = "low", rule: str = "index.missing") -> str:
        found = Finding(
            rule=rule,
            object=f"{self.trials.schema}.bets {fix}"[:190],
            severity="warning",
            cause="It is slow.",
            evidence={},
            fix=(fix,),
            expected_gain="much",
            confidence=0.9,
            risk=risk,
        )
        self.database.transact(
            lambda session: ledger.record(
                session, [found], blind_rules=[rule], run_id=1, now=datetime.now(UTC)
            )
        )
        return found.id

    def state(self, finding: str) -> str:
        with self.database.read() as session:
            return ledger.find(session, finding).state

    def work(self, *, dry: bool = False) -> Round:
        return work(self.database, self.trials.address, dry=dry, window=timedelta(0))


@pytest.fixture
def fleet(trials: Trials, migrated_sqlite_url: str) -> Iterator[Fleet]:
    database = Database(SecretStr(migrated_sqlite_url))
    yield Fleet(trials, database)
    database.dispose()


def test_what_helps_is_proved_applied_watched_and_kept(fleet: Fleet) -> None:
    finding = fleet.find(ADD)
    fleet.trials.run(BY_GAME, times=30)
    states = []
    for _ in range(3):
        fleet.work()
        states.append(fleet.state(finding))
        fleet.trials.run(BY_GAME, times=30)
    assert states == ["applied", "applied", "verified"]
    with fleet.database.read() as session:
        taken = [step.step for step in ledger.steps(session, finding)]
    assert taken == ["new", "prove", "apply", "keep"]
    assert fleet.work() == Round()


def test_what_is_hidden_and_not_missed_is_dropped(fleet: Fleet) -> None:
    finding = fleet.find("DROP INDEX by_state ON bets", rule="index.unused")
    fleet.trials.run("SELECT id FROM bets WHERE person = 7", times=30)
    for _ in range(3):
        fleet.work()
    assert fleet.state(finding) == "verified"
    assert "by_state" not in layout(fleet)


def test_what_a_foreign_key_has_come_to_need_is_shown_again(fleet: Fleet) -> None:
    before = layout(fleet)
    finding = fleet.find("DROP INDEX by_state ON bets", rule="index.unused")
    with Target(fleet.trials.address) as session:
        Applier(fleet.database, session, name="", actor="a person").apply(finding, approved=True)
    fleet.trials.run(
        "CREATE TABLE states (state varchar(10), FOREIGN KEY (state) REFERENCES bets (state))"
    )
    for _ in range(2):
        fleet.work()
    assert fleet.state(finding) == "reverted"
    assert same(layout(fleet), before)


def test_what_turns_out_worse_is_taken_back(fleet: Fleet) -> None:
    before = layout(fleet)
    finding = fleet.find("DROP INDEX by_state ON bets", rule="index.unused")
    fleet.trials.run(BY_STATE, times=30)
    with Target(fleet.trials.address) as session:
        Applier(fleet.database, session, name="", actor="a person").apply(finding, approved=True)
    fleet.trials.run(BY_STATE, times=30)
    (outcome,) = fleet.work().done
    assert outcome.state == fleet.state(finding) == "reverted"
    assert same(layout(fleet), before)
    assert fleet.work().done == []


def test_an_index_that_helps_nobody_is_taken_back(fleet: Fleet) -> None:
    before, finding = layout(fleet), fleet.find(ADD)
    fleet.trials.run(BY_STATE, times=30)
    with Target(fleet.trials.address) as session:
        Applier(fleet.database, session, name="", actor="a person").apply(finding, approved=True)
    for _ in range(2):
        assert fleet.state(finding) == "applied"
        fleet.trials.run(BY_STATE, times=30)
        fleet.work()
    assert fleet.state(finding) == "reverted"
    assert same(layout(fleet), before)


def test_what_is_not_proved_is_not_applied_and_not_tried_again(fleet: Fleet) -> None:
    before, finding = layout(fleet), fleet.find(ADD)
    fleet.trials.run(BY_STATE, times=30)
    for _ in range(2):
        assert fleet.work().left == {finding: "No statement reads less with the index."}
    assert layout(fleet) == before
    with fleet.database.read() as session:
        assert [step.step for step in ledger.steps(session, finding)] == ["new", "prove"]


def test_a_dry_round_changes_and_tries_nothing(fleet: Fleet) -> None:
    before, finding = layout(fleet), fleet.find(ADD)
    risky = fleet.find("DROP INDEX by_state ON bets", risk="medium")
    done = fleet.work(dry=True)
    assert (done.would, list(done.left), done.done) == ([finding], [risky], [])
    assert layout(fleet) == before


def test_risk_budget_and_a_change_under_watch_hold_a_round_back(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet.trials.run(BY_GAME, times=30)
    first = fleet.find(ADD)
    second = fleet.find("ALTER TABLE bets ADD INDEX other (game, state)")
    risky = fleet.find("DROP INDEX by_state ON bets", risk="high")
    done = fleet.work()
    applied, waiting = (first, second) if fleet.state(first) == "applied" else (second, first)
    assert fleet.state(applied) == "applied"
    assert done.left[waiting] == "Another change of the table is still being watched."
    assert "risk is high" in done.left[risky]
    monkeypatch.setattr(auto, "DAILY_CHANGES", 1)
    assert "budget" in fleet.work().left[waiting]


def test_a_big_table_waits_for_a_persons_word(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "APPROVAL_BYTES", 1)
    finding = fleet.find(ADD)
    fleet.trials.run(BY_GAME, times=30)
    assert "needs a person's word" in fleet.work().left[finding]
    assert fleet.state(finding) == "proved"
    approve(fleet.database, finding, actor="a person")
    fleet.work()
    assert fleet.state(finding) == "applied"


def test_what_was_changed_while_it_was_proved_waits_for_another_round(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prove(*arguments: Any, **options: Any) -> dict[str, Any]:
        proof = prove_finding(*arguments, **options)
        fleet.trials.run("ALTER TABLE bets DROP INDEX by_state")
        return proof

    monkeypatch.setattr(auto, "prove_finding", prove)
    finding = fleet.find(ADD)
    fleet.trials.run(BY_GAME, times=30)
    assert "was changed while it was proved" in fleet.work().left[finding]
    assert "by_game" not in layout(fleet)
    monkeypatch.undo()
    fleet.work()
    assert fleet.state(finding) == "applied"


def test_a_round_leaves_the_server_to_another_optimizer(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target, "_LEASE_SECONDS", 0)
    with Target(fleet.trials.address) as other, other.lease(), pytest.raises(LeaseTakenError):
        fleet.work()


def layout(fleet: Fleet) -> str:
    return str(fleet.trials.run("SHOW CREATE TABLE bets")[0][1])
