"""What MySQL 8 answers differently from MariaDB, from rows as its manual has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import pymysql
import pytest
from pydantic import SecretStr

from dbsbm.optimizer.missing import Missing
from dbsbm.optimizer.server.connection import (
    Connection,
    QueryError,
    ServerAwayError,
    ServerRefusedError,
)
from dbsbm.optimizer.server.digests import Digests
from dbsbm.optimizer.server.index_use import read_index_use
from dbsbm.optimizer.server.load import read_load, read_runs, with_runs
from dbsbm.optimizer.server.locks import read_lock_waits
from dbsbm.optimizer.server.model import Column, Index, LockWait, Part
from dbsbm.optimizer.server.schema import read_schema
from dbsbm.optimizer.server.slow_log import Entry

DAY = timedelta(days=1)


class FakeServer:
    """Answers a statement that contains a text with the rows that are given for it, else none."""

    flavor = "mysql"
    user = "`app`@`%`"

    def __init__(self, answers: Mapping[str, Sequence[Mapping[str, Any]] | int]) -> None:
        self._answers = answers

    def rows(self, statement: str, _values: object = None) -> list[Mapping[str, Any]]:
        for part, answer in self._answers.items():
            if part in statement:
                if isinstance(answer, int):
                    raise QueryError(answer)
                return list(answer)
        return []


def server(answers: Mapping[str, Any]) -> Connection:
    return cast("Connection", FakeServer(answers))


TABLE = {"table_schema": "shop", "table_name": "bets"}


def column(name: str, kind: str, **fields: Any) -> dict[str, Any]:
    return {
        **TABLE,
        "column_name": name,
        "column_type": kind.encode(),
        "data_type": kind.split("(", maxsplit=1)[0].split(" ", maxsplit=1)[0],
        "is_nullable": "NO",
        "character_maximum_length": None,
        "character_set_name": None,
        "collation_name": None,
        "extra": "",
        **fields,
    }


def part(index: str, number: int, name: str | None, **fields: Any) -> dict[str, Any]:
    return {
        **TABLE,
        "index_name": index,
        "seq_in_index": number,
        "column_name": name,
        "non_unique": 1,
        "sub_part": None,
        "collation": "A",
        "cardinality": 100,
        "index_type": "BTREE",
        "is_visible": "YES",
        "expression": None,
        **fields,
    }


def test_the_schema_with_invisible_functional_and_descending_indexes() -> None:
    schema = read_schema(
        server(
            {
                "schema.tables": [
                    {
                        **TABLE,
                        "engine": "InnoDB",
                        "table_rows": 1000,
                        "data_length": 5000,
                        "index_length": 300,
                        "auto_increment": 1001,
                        "table_collation": "utf8mb4_0900_ai_ci",
                    }
                ],
                "schema.columns": [
                    column("id", "int unsigned", extra="auto_increment"),
                    column("twice", "int", extra="VIRTUAL GENERATED"),
                    column(
                        "at", "timestamp", extra="DEFAULT_GENERATED on update CURRENT_TIMESTAMP"
                    ),
                    column(
                        "name",
                        "varchar(40)",
                        character_maximum_length=40,
                        character_set_name="utf8mb4",
                        collation_name="utf8mb4_0900_ai_ci",
                    ),
                ],
                "schema.statistics": [
                    part("PRIMARY", 1, "id", non_unique=0, cardinality=1000),
                    part("by_name", 1, "name", is_visible="NO", sub_part=5, cardinality=40),
                    part("by_name", 2, "at", is_visible="NO", collation="D", cardinality=400),
                    part("lower_name", 1, None, expression="lower(`name`)", cardinality=None),
                ],
                # which the user may not read
                "innodb_index_stats": 1142,
            }
        ),
        ["shop"],
    )
    table = schema.tables["shop", "bets"]
    assert table.columns["id"] == Column(
        "id", "int unsigned", "int", nullable=False, auto_increment=True
    )
    assert [name for name, each in table.columns.items() if each.is_generated] == ["twice"]
    assert table.columns["name"].length == 40
    assert table.indexes == (
        Index("PRIMARY", (Part("id"),), unique=True, cardinality=1000),
        Index("by_name", (Part("name", 5), Part("at", None, True)), enabled=False, cardinality=400),
        Index("lower_name", (Part(None),)),
    )
    assert schema.prefixes["shop", "bets", "by_name"] == (40, 400)


DIGEST = {
    "query_sample_text": "SELECT * FROM `bets` WHERE `amount` = 'secret'",
    "schema_name": "shop",
    "digest": "d1",
    "digest_text": "SELECT * FROM `bets` WHERE `amount` = ?",
    "count_star": 7,
    "seconds": Decimal("1.25"),
    "sum_rows_examined": 70,
    "sum_rows_sent": 7,
    "sum_rows_affected": 0,
    "sum_no_index_used": 7,
    "sum_sort_rows": 1,
    "sum_created_tmp_tables": 2,
    "sum_created_tmp_disk_tables": 3,
    "sum_errors": 4,
    "first_seen": Decimal("1795348800.5"),
    "last_seen": Decimal("1795348900.5"),
}
ON = {
    "@@max_digest_length": [{"length": 1024}],
    "@@performance_schema": [{"value": 1}],
    "setup_consumers": [{"enabled": "YES"}],
}


def test_digests_bring_a_run_along() -> None:
    digests = [
        DIGEST,
        {**DIGEST, "digest": "d2", "query_sample_text": "SELECT * FROM `bets` WHERE `am..."},
        {**DIGEST, "digest": "d3", "digest_text": "SET NAMES ?"},
        {**DIGEST, "digest": "d4", "schema_name": None},
        {
            **DIGEST,
            "digest": "d5",
            "schema_name": None,
            "digest_text": "SELECT ? FROM `shop` . `b`",
        },
    ]
    load = read_load(server({**ON, "summary_by_digest": digests}), ["shop"], DAY, Digests())
    assert not isinstance(load, Missing)
    assert [each.digest for each in load] == ["d1", "d2", "d5"]
    first = load[0]
    assert (first.calls, first.seconds, first.unindexed, first.disk_tables) == (7, 1.25, 7, 3)
    assert first.first_seen == datetime.fromtimestamp(1795348800.5, UTC)
    assert first.sample == DIGEST["query_sample_text"]
    assert load[1].sample is None
    assert "secret" not in repr(load)


def test_a_run_comes_from_the_history_or_else_from_the_slow_log() -> None:
    digests = [{**DIGEST, "digest": each, "query_sample_text": None} for each in ("d1", "d2")]
    digests[1]["digest_text"] = "DELETE FROM `bets` WHERE ID = ?"
    history = [
        {"digest": "d1", "schema_name": "shop", "sample": "SELECT * FROM bets WHERE amount = 8"}
    ]
    fake = server({**ON, "summary_by_digest": digests, "events_statements_history": history})
    load = read_load(fake, ["shop"], DAY, Digests())
    assert not isinstance(load, Missing)
    slow = [Entry("shop", "DELETE FROM bets WHERE id = 9", 0.5)]
    assert [each.sample for each in with_runs(load, read_runs(fake, ["shop"]), slow)] == [
        "SELECT * FROM bets WHERE amount = 8",
        "DELETE FROM bets WHERE id = 9",
    ]


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"@@performance_schema": [{"value": 0}]}, "performance_schema = ON under [mysqld]"),
        ({**ON, "setup_consumers": [{"enabled": "NO"}]}, "WHERE NAME = 'statements_digest'."),
        ({**ON, "summary_by_digest": 1142}, "GRANT SELECT ON `performance_schema`.* TO `app`@`%`."),
        ({**ON, "summary_by_digest": 3024}, "could not be read within 5 seconds"),
        ({**ON, "summary_by_digest": 1054}, "could not be read (error 1054)"),
    ],
)
def test_load_that_cannot_be_read_says_what_to_do(answers: dict[str, Any], sentence: str) -> None:
    load = read_load(server(answers), ["shop"], DAY, Digests())
    assert isinstance(load, Missing)
    assert sentence in load.reason


def test_uses_of_indexes_need_their_instrument() -> None:
    found = read_index_use(
        server({"@@performance_schema": [{"value": 1}], "setup_instruments": [{"enabled": "NO"}]}),
        ["shop"],
    )
    assert isinstance(found, Missing)
    assert "WHERE NAME = 'wait/io/table/sql/handler'." in found.reason


def test_lock_waits_come_from_the_performance_schema() -> None:
    row = {"waiting": "UPDATE bets SET a = 'secret'", "blocking": None, "seconds": 3}
    assert read_lock_waits(server({"performance_schema.data_lock_waits": [row]})) == (
        LockWait("UPDATE bets SET a = ?", "", 3.0),
    )


@pytest.mark.parametrize(
    ("code", "privilege"), [(1142, "SELECT ON `performance_schema`.*"), (1227, "PROCESS ON *.*")]
)
def test_who_may_not_see_lock_waits_is_told_which_grant_lacks(code: int, privilege: str) -> None:
    found = read_lock_waits(server({"performance_schema.data_lock_waits": code}))
    assert isinstance(found, Missing)
    assert f"GRANT {privilege} TO" in found.reason


@pytest.mark.parametrize(
    ("code", "error", "sentence"),
    [
        (1130, ServerRefusedError, "the hosts from which the user may connect"),
        (3159, ServerRefusedError, "by TLS only"),
        (1040, ServerAwayError, "no connection left"),
    ],
)
def test_a_server_that_refuses_a_connection_says_why(
    code: int, error: type[Exception], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise pymysql.err.OperationalError(code, "no")

    monkeypatch.setattr(pymysql, "connect", refuse)
    with pytest.raises(error, match=sentence):
        Connection(SecretStr("mysql://app@db.example/shop"))
