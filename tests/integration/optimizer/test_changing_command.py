"""`optimizer prove | apply | keep | revert | auto`, as they are typed, on a foreign database."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest
from sqlalchemy import make_url

from dbsbm.optimizer.applying.layout import same
from dbsbm.optimizer.proof import shadow
from tests.integration.optimizer.trials import Trials
from tests.integration.typed import Typed

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(trials: Trials, typed: Typed) -> Run:
    def run(*words: str, foreign: bool = True) -> tuple[int, str, str]:
        place = ["--database-url", trials.address.get_secret_value()] if foreign else []
        return typed("optimizer", *words, *place)

    return run


def test_a_finding_goes_from_the_analysis_to_its_proof_and_back(run: Run, trials: Trials) -> None:
    before = layout(trials)
    trials.run("SELECT id, state FROM bets WHERE game = 17", times=60)
    _, out, _ = run("analyse", "--json")
    (finding,) = [each for each in json.loads(out)["findings"] if each["rule"] == "index.missing"]
    assert run("auto", "--dry-run")[1].startswith(finding["id"][:8])

    code, out, err = run("prove", finding["id"])
    assert (code, err) == (0, "")
    assert out.startswith("Proved.")
    code, out, _ = run("apply", finding["id"][:8], "--by", "me")
    assert code == 0
    assert "ADD KEY" in out
    assert layout(trials) != before
    assert run("apply", finding["id"]) == (
        1,
        "",
        "This finding is applied: there is nothing to apply.\n",
    )
    code, _, err = run("dismiss", finding["id"], foreign=False)
    assert (code != 0, "keep it or take it back first" in err) == (True, True)
    assert run("keep", finding["id"])[0] == 0
    assert "byte for byte" in run("revert", finding["id"])[1]
    assert same(layout(trials), before)
    assert trials.shadows() == []


def test_a_finding_of_a_foreign_database_is_not_applied_to_another(
    run: Run, trials: Trials
) -> None:
    trials.run("SELECT id, state FROM bets WHERE game = 17", times=60)
    _, out, _ = run("analyse", "--json")
    (finding,) = [each for each in json.loads(out)["findings"] if each["rule"] == "index.missing"]
    code, _, err = run("apply", finding["id"], foreign=False)
    assert code == 1
    assert "SQLite file" in err
    code, _, err = run("apply", "feedbeef")
    assert (code, err) == (1, "There is no finding feedbeef; see `optimizer list`.\n")


def test_scripts_learn_from_the_exit_code_what_a_proof_came_to(
    run: Run, trials: Trials, monkeypatch: pytest.MonkeyPatch
) -> None:
    trials.run("SELECT id, state FROM bets WHERE game = 17", times=60)
    _, out, _ = run("analyse", "--json")
    (finding,) = [each for each in json.loads(out)["findings"] if each["rule"] == "index.missing"]
    trials.run("TRUNCATE performance_schema.events_statements_summary_by_digest")
    code, out, _ = run("prove", finding["id"])
    assert (code, out.splitlines()[0]) == (3, "Not proved.")
    monkeypatch.setattr(shadow, "MOST_ROWS", 1)
    code, out, _ = run("prove", finding["id"])
    assert (code, out.splitlines()[0]) == (4, "Needs a person.")


def test_a_password_is_asked_for_or_read_and_takes_the_place_of_that_in_the_address(
    typed: Typed, trials: Trials, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = make_url(trials.address.get_secret_value())
    words = ("optimizer", "analyse", "--ask-password", "--database-url")
    address = str(url.set(password=None))

    monkeypatch.setattr("sys.stdin", io.StringIO(f"{url.password}\nanother line\n"))
    assert typed(*words, address)[0] == 0
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("getpass.getpass", lambda prompt: f"hunter2{prompt and ''}")
    wrong = f"mysql://nobody:right@{url.host}:{url.port}/x"
    code, out, err = typed(*words, wrong)
    assert (code, out) == (1, "")
    assert "refuses the user 'nobody'" in err
    assert "hunter2" not in err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("analyse",), "--ask-password needs --database-url"),
        (("analyse", "--database-url", "hunter2"), "cannot be read"),
        (("pool", "--database-url", "mysql://u@127.0.0.1/x"), "No password was given"),
        (("apply", "aa", "--database-url", "mysql://u@127.0.0.1/x"), "No password was given"),
    ],
)
def test_a_password_that_is_asked_for_in_vain_is_one_sentence(
    typed: Typed, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], sentence: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    code, out, err = typed("optimizer", *words, "--ask-password")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert sentence in err
    assert "hunter2" not in err


class Terminal(io.StringIO):
    """Somebody sits there and types."""

    def isatty(self) -> bool:
        return True


def test_an_interrupted_command_says_what_becomes_of_the_change(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("dbsbm.cli.optimizer.place.load_settings", interrupted)
    code, _, err = run("apply", "feedbeef")
    assert code == 130
    assert err.startswith("Interrupted: ")


@pytest.mark.parametrize("words", [("list",), ("history",), ("dismiss", "aa")])
def test_a_fleet_that_was_not_migrated_is_told_so(
    typed: Typed, database_url: str, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    code, out, err = typed("optimizer", *words)
    assert (code != 0, out) == (True, "")
    assert err == "The fleet's database is not up to date: run python -m dbsbm migrate.\n"


def layout(trials: Trials) -> str:
    return str(trials.run("SHOW CREATE TABLE bets")[0][1])


@pytest.mark.parametrize("url", ["no address", "mysql://u:p@h:port/x"])
def test_an_address_that_cannot_be_read_is_one_sentence(typed: Typed, url: str) -> None:
    code, out, err = typed("optimizer", "apply", "abc", "--database-url", url)
    assert (code, out) == (1, "")
    assert err == (
        "The database's address cannot be read: write mysql://user:password@host:3306/schema.\n"
    )
