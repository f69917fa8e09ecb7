"""A small database on a real server, with a load of its own."""

from __future__ import annotations

from datetime import timedelta

from pydantic import SecretStr
from sqlalchemy import make_url

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.proof.bench import Bench
from dbsbm.optimizer.proof.prove import prove
from dbsbm.optimizer.server.connection import Connection
from dbsbm.optimizer.server.snapshot import read_case
from tests.servers import MariaDBServer

TABLES = (
    "CREATE TABLE people (id int PRIMARY KEY, name varchar(40))",
    """CREATE TABLE bets (
        id int AUTO_INCREMENT PRIMARY KEY, person int, game int, state varchar(10), secret text,
        twice int GENERATED ALWAYS AS (game * 2) VIRTUAL,
        KEY by_person (person), KEY by_state (state),
        CONSTRAINT whose FOREIGN KEY (person) REFERENCES people (id))""",
    "INSERT INTO people SELECT seq, concat('n', seq) FROM seq_1_to_200",
    """INSERT INTO bets (person, game, state, secret)
        SELECT 1 + seq % 200, seq % 600, IF(seq % 10, 'won', 'open'), 'TopSecret'
        FROM seq_1_to_2000""",
    "ANALYZE TABLE bets, people",
)


class Trials:
    """A database with a load, on which changes are tried and made."""

    def __init__(self, server: MariaDBServer, schema: str) -> None:
        self.server = server
        self.schema = schema

    @property
    def address(self) -> SecretStr:
        return SecretStr(self.server.url(self.schema))

    def run(self, *statements: str, times: int = 1) -> list[tuple[object, ...]]:
        with self.server.cursor() as cursor:
            cursor.execute(f"USE {self.schema}")
            for _ in range(times):
                for statement in statements:
                    cursor.execute(statement)
            return list(cursor.fetchall())

    def prove(self, fix: str, *, user: tuple[str, str] | None = None) -> dict[str, object]:
        address = self.address
        if user is not None:
            url = make_url(address.get_secret_value()).set(username=user[0], password=user[1])
            address = SecretStr(url.render_as_string(hide_password=False))
        finding = Finding(
            rule="index.missing",
            object="bets",
            severity="warning",
            cause="It is slow.",
            evidence={},
            fix=(fix,),
            expected_gain="much",
            confidence=0.9,
            risk="low",
        )
        with Connection(address) as reader, Bench(address) as bench:
            return prove(read_case(reader, since=timedelta(hours=1)), finding, bench)

    def shadows(self) -> list[str]:
        return [str(row[0]) for row in self.run("SHOW DATABASES LIKE '%shadow%'")]
