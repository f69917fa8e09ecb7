from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from dbsbm.db.engine import Database
from dbsbm.db.queries.findings import State
from dbsbm.optimizer import ledger
from dbsbm.optimizer.applying import alter, target
from dbsbm.optimizer.applying.applier import Applier
from dbsbm.optimizer.applying.target import Target
from dbsbm.optimizer.finding import Finding, Risk
from tests.servers import MariaDBServer

TABLES = (
    "CREATE TABLE people (id int PRIMARY KEY, name varchar(40))",
    """CREATE TABLE bets (
        id int AUTO_INCREMENT PRIMARY KEY, person int, game int, state varchar(10), slip int,
        note text, KEY by_person (person), UNIQUE KEY slips (slip),
        KEY by_game (game, state) COMMENT 'it''s, (odd)', KEY only_game (game),
        KEY by_state (state), KEY `odd``name` (slip, game),
        CONSTRAINT whose FOREIGN KEY (person) REFERENCES people (id))""",
    "INSERT INTO people SELECT seq, seq FROM seq_1_to_50",
    """INSERT INTO bets (person, game, state, slip, note)
        SELECT 1 + seq % 50, seq % 90, IF(seq % 10, 'won', 'open'), seq, 'some words'
        FROM seq_1_to_300""",
)


class Shop:
    """A database on a real server, and a fleet's ledger about it."""

    def __init__(self, server: MariaDBServer, schema: str, database: Database) -> None:
        self.server = server
        self.schema = schema
        self.database = database

    @property
    def address(self) -> SecretStr:
        return SecretStr(self.server.url(self.schema))

    def run(self, *statements: str) -> list[tuple[object, ...]]:
        with self.server.cursor() as cursor:
            cursor.execute(f"USE {self.schema}")
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())

    def layout(self, table: str = "bets") -> str:
        return str(self.run(f"SHOW CREATE TABLE {table}")[0][1])

    def find(
        self,
        *fix: str,
        revert: tuple[str, ...] = (),
        risk: Risk = "low",
        rule: str = "index.missing",
        about: str = "",
    ) -> str:
        """Write an open finding into the ledger and return its id."""
        found = Finding(
            rule=rule,
            object=about or f"{self.schema}.bets {fix[0]}"[-190:],
            severity="warning",
            cause="The statement reads every row.",
            evidence={},
            fix=tuple(each.replace("bets", f"`{self.schema}`.`bets`", 1) for each in fix),
            revert=revert,
            expected_gain="reads fewer rows",
            confidence=0.9,
            risk=risk,
        )
        self.database.transact(
            lambda session: ledger.record(
                session, [found], blind_rules=[found.rule], run_id=1, now=datetime.now(UTC)
            )
        )
        return found.id

    def bring(self, finding: str, state: State) -> None:
        """Bring a finding into a state as somebody else would."""
        self.database.transact(
            lambda session: ledger.take_step(
                session, ledger.find(session, finding), "a test", state, actor="a test"
            )
        )

    def state(self, finding: str) -> str:
        with self.database.read() as session:
            return ledger.find(session, finding).state

    def steps(self, finding: str) -> list[tuple[str, str]]:
        with self.database.read() as session:
            return [(step.step, step.state) for step in ledger.steps(session, finding)]


@pytest.fixture
def shop(mariadb: MariaDBServer, migrated_sqlite_url: str) -> Iterator[Shop]:
    """A small shop; one long transaction blocks a change for a second, not for half a minute."""
    schema = mariadb.create_database()
    database = Database(SecretStr(migrated_sqlite_url))
    shop = Shop(mariadb, schema, database)
    shop.run(*TABLES)
    yield shop
    database.dispose()
    mariadb.renew()
    mariadb.drop_database(schema)


@pytest.fixture
def applier(shop: Shop, open_applier: Callable[[], Applier]) -> Applier:
    return open_applier()


@pytest.fixture
def open_applier(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Applier]]:
    monkeypatch.setattr(target, "LOCK_SECONDS", 1)
    monkeypatch.setattr(target, "_LEASE_SECONDS", 0)
    monkeypatch.setattr(alter, "PAUSES", (0.05,))
    sessions = []

    def build() -> Applier:
        session = Target(shop.address)
        sessions.append(session)
        return Applier(shop.database, session, name="", actor="a test")

    yield build
    for session in sessions:
        with session:
            pass
