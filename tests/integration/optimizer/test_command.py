"""`optimizer`, as it is typed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from dbsbm.db.engine import Database
from dbsbm.db.models import FindingRow, OptimizerRun
from dbsbm.optimizer import analyse as analysis
from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.missing import NotEnabledError
from dbsbm.optimizer.server.case import Case
from tests.integration.optimizer.shop import PASSWORD, name_of, open_shop, session
from tests.integration.typed import Typed
from tests.servers import MariaDBServer, ValkeyServer, free_port

Run = Callable[..., tuple[int, str, str]]

TOLD = """
import sys
from dbsbm.optimizer import analyse
from dbsbm.optimizer.finding import Finding
from dbsbm.cli import main
found = Finding("index.missing", "shop", "warning", "No key.", {}, (), "", 0.9, "low")
analyse.SERVER_RULES = {"index.missing": lambda _: [found]}
sys.exit(main(["optimizer", "analyse", "--database-url", sys.argv[1]]))
"""

FOUND = Finding(
    rule="index.missing",
    object="shop.bets(amount)",
    severity="warning",
    cause="No index has amount.",
    evidence={"statement": "SELECT id FROM bets WHERE amount = ?", "calls": 7},
    fix=("ALTER TABLE `shop`.`bets` ADD INDEX `by_amount` (`amount`)",),
    revert=("ALTER TABLE `shop`.`bets` DROP INDEX `by_amount`",),
    expected_gain="reads 120 rows a run in place of 5,000",
    confidence=0.9,
    risk="low",
)


@pytest.fixture
def environment(
    migrated_sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Database]:
    """A fleet with a database of its own, and rules of which each does one thing."""
    use_rules(monkeypatch, found=lambda _: [FOUND])
    database = Database(SecretStr(migrated_sqlite_url))
    yield database
    database.dispose()


@pytest.fixture
def run(environment: Database, typed: Typed) -> Run:
    return partial(typed, "optimizer")


@pytest.fixture(scope="module")
def shop(_private_mariadb: MariaDBServer) -> Iterator[str]:
    _private_mariadb.renew()
    with open_shop(_private_mariadb, users=200, bets=20) as url:
        yield url


def use_rules(monkeypatch: pytest.MonkeyPatch, **rules: Callable[[Case], list[Finding]]) -> None:
    monkeypatch.setattr(analysis, "SERVER_RULES", rules)


def count(database: Database, model: Any) -> int:
    with database.read() as reading:
        return reading.scalar(select(func.count()).select_from(model)) or 0


def test_an_analysis_is_json_for_programs(run: Run, shop: str, environment: Database) -> None:
    with session(shop) as client:
        client.execute("SELECT id FROM users WHERE bio LIKE '%x'")
    code, out, err = run("analyse", "--database-url", shop, "--json")
    assert (code, err) == (0, "")
    report = json.loads(out)
    (finding,) = report["findings"]
    assert {*finding} >= {
        *("id", "rule", "severity", "object", "cause", "evidence", "fix", "revert"),
        *("expected_gain", "confidence", "risk", "proof"),
    }
    assert finding["target"].endswith(f"/{name_of(shop)}")
    assert "@" not in finding["target"]
    assert report["healthy"] is False
    assert [line.partition(":")[0] for line in report["not_enabled"]] == ["load"]
    assert count(environment, FindingRow) == count(environment, OptimizerRun) == 1


def test_an_analysis_is_text_for_people(run: Run, shop: str) -> None:
    code, out, err = run("analyse", "--database-url", shop, "--since", "1h")
    assert (code, err) == (0, "")
    assert out.startswith("WARNING  index.missing  shop.bets(amount)\n  No index has amount.\n")
    assert f"\n    {FOUND.fix[0]}\n" in out
    assert out.endswith("1 found: 1 warning.\n")
    assert "what is next: python -m dbsbm optimizer show ID\n" in out


def test_a_finding_is_told_once(shop: str, migrated_sqlite_url: str, tmp_path: Path) -> None:
    """Python prints a warning that no handler takes: the report has told it already."""
    told = subprocess.run(
        [sys.executable, "-c", TOLD, shop],
        env={
            "SECRET_KEY": "k" * 40,
            "DATABASE_URL": migrated_sqlite_url,
            "DATA_DIR": str(tmp_path),
        },
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (told.stdout.count("No key."), told.stderr) == (1, "")


def test_a_finding_is_shown_with_what_can_follow(run: Run, shop: str) -> None:
    report = json.loads(run("analyse", "--database-url", shop, "--json")[1])
    (finding,) = report["findings"]
    _, out, _ = run("show", finding["id"])
    assert "  calls: 7\n" in out
    where = f"--database-url mysql://USER@{finding['target']} --ask-password"
    assert out.endswith(
        f"Next: python -m dbsbm optimizer prove {finding['id'][:8]} {where}\n"
        f"Next: python -m dbsbm optimizer apply {finding['id'][:8]} {where}\n"
        f"Next: python -m dbsbm optimizer dismiss {finding['id'][:8]}\n"
    )


def test_a_number_of_steps_that_cannot_be_is_refused(run: Run) -> None:
    code, _, err = run("history", "--limit", "-3")
    assert code == 2
    assert "must be from 1 to" in err


def test_a_database_without_faults_is_healthy(
    run: Run, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_rules(monkeypatch, quiet=lambda _: [replace(FOUND, severity="info")])
    assert json.loads(run("analyse", "--database-url", shop, "--json")[1])["healthy"] is True
    use_rules(monkeypatch, quiet=lambda _: [])
    assert run("analyse", "--database-url", shop)[1].endswith("Healthy: nothing to do.\n")


def test_rules_that_cannot_look_are_named_with_the_reason(
    run: Run, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def blind(_: Case) -> list[Finding]:
        raise NotEnabledError("It needs light: switch it on.")

    use_rules(monkeypatch, one=blind, two=blind, three=lambda _: [])
    report = json.loads(run("analyse", "--database-url", shop, "--json")[1])
    assert report["not_enabled"][0] == "one, two: It needs light: switch it on."
    assert report["healthy"] is False


def test_no_value_of_a_statement_is_shown_or_logged(
    run: Run, shop: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
    mariadb: MariaDBServer,
) -> None:  # fmt: skip
    def shown(case: Case) -> list[Finding]:
        assert case.ask is not None
        answers = [repr((load, case.shapes.get(load.digest), case.ask.plan(load)))
                   for load in case.load]  # fmt: skip
        assert any(load.sample is not None and PASSWORD in load.sample for load in case.load)
        return [replace(FOUND, evidence={"answers": answers, "snapshot": repr(case.snapshot)})]

    def broken(case: Case) -> list[Finding]:
        raise ValueError([load.sample for load in case.load])

    use_rules(monkeypatch, shown=shown, broken=broken)
    consumers = "name IN ('events_statements_current', 'events_statements_history')"
    with mariadb.cursor() as cursor:
        cursor.execute(
            f"UPDATE performance_schema.setup_consumers SET enabled='YES' WHERE {consumers}"
        )
        with session(shop) as client:
            client.execute(f"SELECT id FROM users WHERE secret = '{PASSWORD}' AND bio LIKE '%x'")
            client.execute(f"UPDATE users SET bio = '{PASSWORD}' WHERE secret = '{PASSWORD}'")
            as_json = run("analyse", "--database-url", shop, "--json")
            as_text = run("analyse", "--database-url", shop)
        cursor.execute(
            f"UPDATE performance_schema.setup_consumers SET enabled='NO' WHERE {consumers}"
        )
    assert [as_json[0], as_text[0]] == [0, 0]
    assert "secret = ?" in as_json[1]
    for text in (
        *as_json[1:],
        *as_text[1:],
        caplog.text,
        repr([r.__dict__ for r in caplog.records]),
    ):
        assert PASSWORD not in text
    assert "broken: The rule failed (ValueError)." in as_json[1]


def test_a_server_that_goes_away_in_the_middle_is_a_sentence_and_nothing_is_recorded(
    run: Run, mariadb: MariaDBServer, monkeypatch: pytest.MonkeyPatch, environment: Database
) -> None:
    def stop(case: Case) -> list[Finding]:
        mariadb.stop()
        assert case.ask is not None
        case.ask.distinct(next(iter(case.snapshot.tables.values())), ["note"])
        return [FOUND]

    use_rules(monkeypatch, found=lambda _: [FOUND], stop=stop)
    name = mariadb.create_database()
    with session(mariadb.url(name)) as cursor:
        cursor.execute("CREATE TABLE notes (id int PRIMARY KEY, note int)")
    try:
        code, out, err = run("analyse", "--database-url", mariadb.url(name), "--json")
    finally:
        mariadb.renew()
        mariadb.drop_database(name)
    assert (code, out) == (1, "")
    assert "went away in the middle" in err
    assert err.count("\n") == 1
    assert count(environment, FindingRow) == count(environment, OptimizerRun) == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--database-url", "mysql://u:hunter2@127.0.0.1:{port}/x"), "No database server answers"),
        (("--database-url", "sqlite:///x.db"), "Only MySQL and MariaDB"),
        (("--database-url", "hunter2"), "cannot be read"),
        (("--since", "tomorrow"), "is no time"),
    ],
)
def test_what_cannot_be_analysed_is_one_sentence(
    run: Run, words: tuple[str, ...], sentence: str
) -> None:
    code, out, err = run("analyse", *(word.format(port=free_port()) for word in words))
    assert (code, out) == (1, "")
    assert sentence in err
    assert err.count("\n") == 1
    assert "hunter2" not in err


def test_the_fleet_itself_is_analysed_where_no_database_is_named(
    run: Run, environment: Database, valkey_cache: ValkeyServer
) -> None:
    valkey_cache.client().config_set("maxmemory-policy", "noeviction")
    code, out, _ = run("analyse", "--cache-url", valkey_cache.url, "--json")
    report = json.loads(out)
    assert code == 0
    assert [each["object"] for each in report["findings"]] == ["cache server"]
    assert report["healthy"] is False
    assert count(environment, OptimizerRun) == 1


def test_a_foreign_cache_is_looked_at_beside_a_foreign_database(
    run: Run, shop: str, valkey_cache: ValkeyServer
) -> None:
    valkey_cache.client().config_set("maxmemory-policy", "noeviction")
    words = ("analyse", "--database-url", shop, "--json", "--cache-url")
    found = json.loads(run(*words, valkey_cache.url)[1])
    assert {each["object"] for each in found["findings"]} == {FOUND.object, "cache server"}
    away = json.loads(run(*words, f"redis://127.0.0.1:{free_port()}/0")[1])
    assert [each["object"] for each in away["findings"]] == [FOUND.object]
    assert "did not say how full it is" in away["not_enabled"][0]


def test_a_foreign_database_is_analysed_without_a_fleet(
    run: Run, shop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'none.db'}")
    code, out, err = run("analyse", "--database-url", shop, "--json")
    assert (code, err) == (0, "")
    assert len(json.loads(out)["findings"]) == 1
    assert not (tmp_path / "none.db").exists()


# --- what became of it ----------------------------------------------------------------------------


def test_findings_are_listed_shown_dismissed_and_remembered(
    run: Run, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("list") == (0, "Nothing is open.\n", "")
    (finding,) = json.loads(run("analyse", "--database-url", shop, "--json")[1])["findings"]
    name = finding["id"][:8]

    assert name in run("list")[1]
    listed = json.loads(run("list", "--json")[1])["findings"]
    assert [(each["id"], each["state"]) for each in listed] == [(finding["id"], "open")]
    shown = run("show", name)[1]
    assert FOUND.fix[0] in shown
    assert "calls: 7" in shown
    assert json.loads(run("show", name, "--json")[1])["steps"][0]["step"] == "new"

    code, out, _ = run("dismiss", name, "--reason", "a report of once a year", "--by", "ann")
    assert (code, out.startswith("Dismissed: index.missing shop.bets(amount).")) == (0, True)
    run("analyse", "--database-url", shop)
    assert run("list") == (0, "Nothing is open.\n", "")
    assert name in run("list", "--state", "dismissed")[1]
    steps = json.loads(run("history", name, "--json")[1])["steps"]
    assert [(each["step"], each["actor"]) for each in steps] == [
        ("dismissed", "ann"),
        ("new", "analysis"),
    ]
    assert steps[0]["detail"] == {"reason": "a report of once a year"}
    assert "a report of once a year" in run("history")[1]

    use_rules(monkeypatch, found=lambda _: [])
    run("analyse", "--database-url", shop)
    assert name in run("list", "--state", "dismissed")[1]


def test_what_is_not_found_again_is_gone_unless_its_rule_could_not_look(
    run: Run, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def blind(_: Case) -> list[Finding]:
        raise NotEnabledError("It needs light.")

    use_rules(monkeypatch, **{"index.missing": lambda _: [FOUND]})
    run("analyse", "--database-url", shop)
    use_rules(monkeypatch, **{"index.missing": blind})
    run("analyse", "--database-url", shop)
    assert "index.missing" in run("list", "--state", "open")[1]
    run("analyse")  # of the fleet: another target
    assert "index.missing" in run("list", "--state", "open")[1]
    use_rules(monkeypatch, **{"index.missing": lambda _: []})
    run("analyse", "--database-url", shop)
    assert "index.missing" in run("list", "--state", "gone")[1]


def test_an_id_that_names_nothing_is_a_sentence(run: Run) -> None:
    code, out, err = run("show", "abc")
    assert (code, out) == (2, "")
    assert "There is no finding abc" in err
