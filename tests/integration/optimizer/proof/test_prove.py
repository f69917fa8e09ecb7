from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import make_url

from dbsbm.errors import UserError
from dbsbm.optimizer.proof import prove, shadow
from dbsbm.optimizer.proof.bench import Bench
from dbsbm.optimizer.proof.shadow import drop_leftovers
from tests.integration.optimizer.trials import Trials

GRANTS = Path(__file__).parents[4] / "deploy" / "mysql" / "grants.sql"
BY_GAME = "ALTER TABLE bets ADD INDEX by_game (game)"
SELECT = "SELECT id, state FROM bets WHERE game = 17"

JOIN = "SELECT name FROM people JOIN bets ON person = people.id WHERE game = 3"


def statement(proof: dict[str, Any], text: str) -> dict[str, Any]:
    (found,) = [each for each in proof["statements"] if text in each["statement"]]
    return found  # type: ignore[no-any-return]


def test_an_index_that_helps_is_proved_by_rows_and_pages(trials: Trials) -> None:
    trials.run(SELECT, JOIN, times=30)
    trials.run("SELECT COUNT(*) FROM people", times=30)
    proof = trials.prove(BY_GAME)
    assert proof["verdict"] == "proved", proof["reasons"]
    for trial in statement(proof, "`state`")["trials"]:
        before, after = trial["rows"]
        assert before > 2_000
        assert after < 20
        assert min(trial["pages"]) > 1
    cost_before, cost_after = proof["cost"]  # type: ignore[misc]
    assert cost_before > 20 * cost_after > 0
    assert len(statement(proof, "JOIN")["trials"]) >= 2
    assert "COUNT" not in json.dumps(proof)
    assert trials.shadows() == []


def test_an_index_that_nothing_asks_for_is_not_proved(trials: Trials) -> None:
    trials.run("SELECT * FROM bets WHERE person = 7", times=30)
    proof = trials.prove(BY_GAME)
    assert proof["verdict"] == "not proved"
    assert proof["reasons"] == ["No statement reads less with the index."]


def test_writers_pay_for_an_index(trials: Trials) -> None:
    trials.run(SELECT)
    trials.run("INSERT INTO bets (person, game) SELECT 1, seq FROM seq_1_to_1000", times=4)
    proof = trials.prove(BY_GAME)
    assert proof["verdict"] == "not proved"
    assert proof["reasons"] == ["Keeping the index up costs more than it saves."]
    assert proof["writes"]["entries"] == 4_000  # type: ignore[index]


def test_an_index_that_is_missed_is_not_dropped(trials: Trials) -> None:
    trials.run("SELECT COUNT(*) FROM bets WHERE state = 'open'", times=30)
    proof = trials.prove("DROP INDEX by_state ON bets")
    assert proof["verdict"] == "not proved"
    assert "reads more" in str(proof["reasons"])


def test_an_index_that_nobody_misses_may_be_dropped(trials: Trials) -> None:
    trials.run("SELECT id FROM bets WHERE person = 7 ORDER BY id LIMIT 5", times=30)
    proof = trials.prove("DROP INDEX by_state ON bets")
    assert proof["verdict"] == "proved", proof["reasons"]


def test_an_index_that_a_foreign_key_needs_is_not_dropped(trials: Trials) -> None:
    trials.run("SELECT name FROM people JOIN bets ON person = people.id WHERE bets.id = 3")
    proof = trials.prove("DROP INDEX by_person ON bets")
    assert proof["verdict"] == "not proved"
    assert proof["reasons"] == ["A foreign key needs the index."]


def test_changes_are_replayed_as_what_they_read_and_change_nothing(trials: Trials) -> None:
    trials.run("UPDATE bets SET state = 'lost' WHERE game = 5", times=3)
    trials.run("DELETE FROM bets WHERE game = 599 AND state = 'none'", times=3)
    before = trials.run("CHECKSUM TABLE bets")
    proof = trials.prove(BY_GAME)
    assert proof["verdict"] == "proved", proof["reasons"]
    assert statement(proof, "UPDATE")["trials"]
    assert statement(proof, "DELETE")["trials"]
    assert trials.run("CHECKSUM TABLE bets") == before


def test_a_proof_tells_no_value(trials: Trials) -> None:
    trials.run("SELECT id FROM bets WHERE secret = 'TopSecret' AND game = 4711", times=3)
    told = json.dumps(trials.prove(BY_GAME))
    assert "TopSecret" not in told
    assert "4711" not in told


def test_what_would_wait_or_lock_is_not_replayed(trials: Trials) -> None:
    trials.run("SELECT id, SLEEP(0) FROM bets WHERE game = 5 LIMIT 1")
    proof = trials.prove("DROP INDEX by_state ON bets")
    assert proof["verdict"] == "needs a person"
    assert "SLEEP" in str(proof["not_replayed"])


def test_big_tables_are_left_to_a_person(trials: Trials, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shadow, "MOST_ROWS", 1_000)
    trials.run(SELECT)
    proof = trials.prove(BY_GAME)
    assert proof["verdict"] == "needs a person"
    assert "copies are made of at most 1,000 rows" in str(proof["reasons"])


def test_a_table_that_grew_since_it_was_counted_is_left_to_a_person(
    trials: Trials, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shadow, "MOST_ROWS", 1_000)
    for each in (shadow, prove):
        monkeypatch.setattr(each, "check_size", lambda _: None)
    proof = trials.prove(BY_GAME)
    assert proof["verdict"] == "needs a person"
    assert "holds more than the 1,000 rows" in str(proof["reasons"])
    assert trials.shadows() == []


def test_a_user_who_may_not_make_copies_is_told_what_to_grant(
    trials: Trials, caplog: pytest.LogCaptureFixture
) -> None:
    trials.run(SELECT)
    trials.run(
        "CREATE OR REPLACE USER reader@127.0.0.1 IDENTIFIED BY 'r'",
        f"GRANT SELECT ON {trials.schema}.* TO reader@127.0.0.1",
        "GRANT SELECT ON performance_schema.* TO reader@127.0.0.1",
    )
    proof = trials.prove(BY_GAME, user=("reader", "r"))
    trials.run("DROP USER reader@127.0.0.1")
    assert proof["verdict"] == "needs a person"
    assert "GRANT ALL ON `%\\_\\_shadow\\_%`" in str(proof["reasons"][0])  # type: ignore[index]
    assert caplog.messages == []  # there was no copy that could not be dropped


def test_the_rights_that_compose_grants_are_enough_for_a_proof(trials: Trials) -> None:
    grants = re.sub(r"^--.*\n", "", GRANTS.read_text(), flags=re.MULTILINE)
    trials.run(SELECT)
    trials.run(
        "CREATE OR REPLACE USER dbsbm@'%' IDENTIFIED BY 'd'",
        f"GRANT ALL ON {trials.schema}.* TO dbsbm@'%'",
        # MySQL's name for the right, which MariaDB does not have.
        *grants.replace("SESSION_VARIABLES_ADMIN", "BINLOG ADMIN").strip(" \n;").split(";"),
    )
    try:
        proof = trials.prove(BY_GAME, user=("dbsbm", "d"))
        url = make_url(trials.address.get_secret_value()).set(username="dbsbm", password="d")
        with Bench(SecretStr(url.render_as_string(hide_password=False))) as bench:
            (logged,) = bench.rows("SELECT @@sql_log_bin AS value")
    finally:
        trials.run("DROP USER dbsbm@'%'")
    assert (proof["verdict"], proof["reasons"]) == ("proved", [])
    assert logged["value"] == 0


def test_what_cannot_be_done_online_is_left_to_a_person(trials: Trials) -> None:
    trials.run(SELECT)
    proof = trials.prove("ALTER TABLE bets MODIFY game bigint")
    assert proof["verdict"] == "needs a person"


def test_a_rewritten_statement_cannot_be_proved(trials: Trials) -> None:
    with pytest.raises(UserError, match="no change of one table"):
        trials.prove("SELECT id FROM bets WHERE game >= 17")


def test_copies_that_a_crash_left_are_dropped_but_not_those_in_use(trials: Trials) -> None:
    used, left, foreign = (f"x__shadow_{digit * 12}" for digit in "abc")
    trials.run(
        f"CREATE DATABASE {used}",
        f"CREATE DATABASE {left}",
        f"CREATE TABLE {left}.dbsbm_shadow (made_at DATETIME)",
        f"CREATE DATABASE {foreign}",
        f"CREATE TABLE {foreign}.somebody_elses (id int)",
    )
    with Bench(trials.address) as maker, Bench(trials.address) as bench:
        maker.rows("SELECT GET_LOCK('dbsbm.shadow.aaaaaaaaaaaa', 0) AS taken")
        assert drop_leftovers(bench) == [left]
    with Bench(trials.address) as bench:
        assert drop_leftovers(bench) == [used]
    trials.run(f"DROP DATABASE {foreign}")
    assert trials.shadows() == []


def test_a_copy_that_would_share_its_rows_is_not_made(trials: Trials) -> None:
    trials.run(
        "CREATE TABLE old (id int PRIMARY KEY, game int) ENGINE=MyISAM",
        "CREATE TABLE young LIKE old",
        "INSERT INTO old SELECT seq, seq % 9 FROM seq_1_to_2000",
        "CREATE TABLE every (id int PRIMARY KEY, game int) ENGINE=MERGE UNION=(old, young) "
        "INSERT_METHOD=LAST",
        "SELECT COUNT(*) FROM every WHERE game = 3",
    )
    proof = trials.prove("ALTER TABLE every ADD INDEX by_game (game)")
    assert proof["verdict"] == "needs a person"
    assert "MRG_MyISAM" in str(proof["reasons"])
    assert trials.run("SELECT COUNT(*) FROM young") == [(0,)]


def test_a_table_whose_name_breaks_the_servers_json_is_measured_all_the_same(
    trials: Trials,
) -> None:
    trials.run('CREATE TABLE `a"b` SELECT id, game FROM bets', 'ALTER TABLE `a"b` ADD KEY (id)')
    trials.run('SELECT id FROM `a"b` WHERE game = 17', times=30)
    proof = trials.prove('ALTER TABLE `a"b` ADD INDEX by_game (game)')
    assert proof["verdict"] == "proved", proof["reasons"]
