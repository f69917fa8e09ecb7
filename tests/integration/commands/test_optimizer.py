"""`/optimizer` and its buttons, as a worker carries them out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from dbsbm.commands.optimizer import decide, show
from dbsbm.db.engine import Database
from dbsbm.db.models import OptimizerRun
from dbsbm.errors import UserError
from dbsbm.optimizer import ledger
from dbsbm.optimizer.finding import Finding
from dbsbm.sandbox.discord.embeds import MAX_TOTAL, total_characters
from tests.integration.commands.requests import a_command
from tests.servers import MariaDBServer

CREATE = "CREATE TABLE outside (id int PRIMARY KEY, a int, b int, KEY by_a (a))"
ADD = "ALTER TABLE outside ADD INDEX by_b (b)"
REWRITE = "SELECT id FROM bets WHERE placed_at >= ?"


class Channel:
    """Where administrators decide."""

    def __init__(self, database: Database, address: str) -> None:
        self.database = database
        self._address = SecretStr(address)

    def press(self, finding: str, deed: str) -> str:
        command = a_command(deed, options={"finding": finding, "deed": deed})
        return decide(self.database, self._address, command).content

    def labels(self) -> list[list[str]]:
        rows = show(self.database, may_decide=True).components
        return [[button["label"] for button in row["components"]] for row in rows]

    def find(self, fix: str, severity: Any = "warning", *, back: str = "") -> str:
        found = Finding(
            rule="index.missing",
            object=f"fleet.outside {fix}",
            severity=severity,
            cause="No index serves it. " * 20,
            evidence={},
            fix=(fix,),
            revert=(f"ALTER TABLE outside {back}",) if back else (),
            expected_gain="reads 1 row in place of 100",
            confidence=0.9,
            risk="low",
        )
        self.database.transact(
            lambda session: ledger.record(
                session, [found], blind_rules=[found.rule], run_id=1, now=datetime.now(UTC)
            )
        )
        return found.id


@pytest.fixture
def channel(migrated_mariadb_url: str, mariadb: MariaDBServer) -> Iterator[Channel]:
    database = Database(SecretStr(migrated_mariadb_url))
    with database.engine.connect() as connection:
        connection.exec_driver_sql(CREATE)
    yield Channel(database, migrated_mariadb_url)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("DROP TABLE outside")
    database.dispose()


def test_a_finding_is_applied_undone_and_dismissed_by_its_buttons(channel: Channel) -> None:
    finding = channel.find(ADD)
    assert channel.labels() == [["1. Try on a copy", "1. Apply", "1. Dismiss"]]
    answer = channel.press(finding, "apply")
    assert answer.startswith("Done: the finding is applied.")
    assert "ADD KEY `by_b`" in answer
    assert channel.labels() == [["1. Keep", "1. Undo"]]
    with pytest.raises(UserError, match="it cannot be dismissed"):
        channel.press(finding, "dismiss")
    assert "byte for byte" in channel.press(finding, "revert")
    assert channel.labels() == []
    other = channel.find("ALTER TABLE outside DROP INDEX by_a")
    assert channel.press(other, "dismiss").startswith("Nothing more is said of")


def test_what_is_in_force_can_be_undone_though_it_is_found_again(channel: Channel) -> None:
    finding = channel.find(ADD)
    channel.press(finding, "apply")
    channel.press(finding, "keep")
    channel.find(ADD)
    assert channel.labels() == [["1. Try on a copy", "1. Apply", "1. Dismiss", "1. Undo"]]
    assert "byte for byte" in channel.press(finding, "revert")
    assert channel.labels() == []


def test_a_proof_is_told_in_a_sentence(channel: Channel) -> None:
    answer = channel.press(channel.find(ADD), "prove")
    assert answer.startswith("Not proved: ")
    assert "No statement reads less with the index." in answer


def test_what_the_server_refuses_is_told(channel: Channel) -> None:
    finding = channel.find("ALTER TABLE outside MODIFY b bigint", back="MODIFY b int")
    with pytest.raises(UserError, match="quiet hour"):
        channel.press(finding, "apply")


def test_the_gravest_come_first_and_what_is_no_change_has_no_apply(channel: Channel) -> None:
    channel.find(REWRITE)
    channel.find(ADD, "critical")
    shown = show(channel.database, may_decide=True)
    assert [embed["title"][:3] for embed in shown.embeds] == ["1. ", "2. "]
    assert ADD in shown.embeds[0]["title"]
    assert channel.labels()[1] == ["2. Dismiss"]
    assert show(channel.database, may_decide=False).components == ()


def a_run(**changes: Any) -> OptimizerRun:
    values = {
        "started_at": datetime(2026, 1, 2, tzinfo=UTC),
        "seconds": 1.0,
        "rules": 44,
        "findings": 0,
        "not_enabled": ["system.disk, system.memory: Two days of samples are needed."],
        "healthy": True,
        "trace_id": "t",
        **changes,
    }
    return OptimizerRun(**values)


def test_a_fleet_without_findings_hears_when_it_was_analysed(channel: Channel) -> None:
    foreign = a_run(target="elsewhere:3306/shop", rules=24)
    channel.database.transact(lambda session: session.add(foreign))
    assert show(channel.database, may_decide=True).content.startswith("Nothing was analysed yet")
    channel.database.transact(lambda session: session.add(a_run()))
    said = show(channel.database, may_decide=True).content.splitlines()
    assert "nothing to say" in said[0]
    assert said[1] == "-# Analysed <t:1767312000:R> by 44 rules."
    assert said[2].startswith("-# Not looked at: system.disk, system.memory: Two days")


def test_many_long_findings_fit_into_one_message(channel: Channel) -> None:
    long = "SELECT " + ", ".join(f"column_{n}" for n in range(84)) + " FROM bets WHERE day = {}"
    for number in range(7):
        channel.find(long.format(number))
    channel.find("Make fewer bets.", "critical")
    shown = show(channel.database, may_decide=False)
    assert shown.content.startswith("The gravest 5 of 8 findings;")
    assert "ALERT_CHANNEL_ID" in shown.content
    assert 3_000 < total_characters([*shown.embeds]) <= MAX_TOTAL
    fixes = [embed["fields"][-1]["value"] for embed in shown.embeds]
    assert fixes[0] == "Make fewer bets."  # a sentence is no code
    assert fixes[1].startswith("```sql\nSELECT column_0, ")
    assert "optimizer show" in fixes[-1]
