"""`report`, as it is typed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from pydantic import SecretStr

from dbsbm.db.engine import Database
from tests.integration.monitor.report.hours import POINTS, fill
from tests.integration.typed import Typed
from tests.servers import free_port

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(typed: Typed) -> Run:
    return partial(typed, "report")


def test_a_report_is_printed_and_written(
    run: Run, migrated_sqlite_url: str, tmp_path: Path
) -> None:
    database = Database(SecretStr(migrated_sqlite_url))
    fill(database, datetime.now(UTC).replace(minute=0, second=0, microsecond=0))
    database.dispose()

    code, out, err = run()
    assert (code, err) == (0, "")
    assert out.startswith("24 hours: ")
    assert "command to answer" in out

    code, out, _ = run("--json", "--since", "10h")
    found = json.loads(out)
    [answers] = [
        row for row in found["sections"]["response_times"] if row["name"] == "command to answer"
    ]
    assert answers["figures"]["count"]["value"] == 10 * POINTS
    assert answers["figures"]["p95"]["before"] == {"day_before": None, "week_before": None}

    page = tmp_path / "report.html"
    assert run("--html", "--output", str(page))[0] == 0
    assert page.read_text().count("<svg") == 4


def test_a_fleet_that_never_ran_has_a_report_that_says_so(run: Run) -> None:
    code, out, _ = run()
    assert code == 0
    assert "Nothing was measured" in out
    assert json.loads(run("--json")[1])["verdict"]["level"] == "unknown"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--since", "5parsecs"], "--since '5parsecs' is no time; write for example 90m,"),
        (["--until", "yesterday"], "--until 'yesterday' is no time;"),
        (["--since", "99999999999999d"], "is no time;"),
        (["--since", "2026-13-40"], "is no time;"),
        (["--until", "2999-01-01"], "--until lies in the future."),
        (["--since", "0s"], "--since must be before --until."),
        (["--since", "500d"], "400 days are kept."),
        (["--output", "/proc/no/such/report.txt"], "The report cannot be written to /proc/"),
        (["--json", "--html"], "not allowed with argument"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(run: Run, words: list[str], sentence: str) -> None:
    code, _, err = run(*words)
    assert code != 0
    assert sentence in err
    assert "Traceback" not in err


def test_a_database_that_is_away_is_one_sentence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"mysql+pymysql://u:secret-word@127.0.0.1:{free_port()}/dbsbm"
    monkeypatch.setenv("DATABASE_URL", address)
    code, out, err = run()
    assert code != 0
    assert out == ""
    assert err.strip().count("\n") == 0
    assert err.startswith("The database did not answer")
    assert "secret-word" not in err
