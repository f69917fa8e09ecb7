"""Replays: recordings as they come, and the command as a program calls it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbsbm.cli import main
from dbsbm.errors import ConfigError
from dbsbm.monitor.alerts.recording import Recording, read_recording
from dbsbm.monitor.alerts.replay import replay
from dbsbm.monitor.alerts.rulefile import load_rules
from tests.unit.monitor.alerts.rows import START, Row, during, incidents, rows

BURST = during(60, 70, 4.0, 0.3)


def write(path: Path, lines: list[Row]) -> Path:
    text = "\n".join(",".join(cell or "" for cell in line) for line in lines)
    path.write_text("timestamp,series,value,count\n" + text + "\n", "utf-8")
    return path


def test_the_command_needs_neither_settings_nor_a_database(tmp_path: Path) -> None:
    recording = write(tmp_path / "day.csv", list(rows("query_seconds", BURST)))
    command = ["alerts", "replay", "--series", str(recording), "--json"]
    root = Path(__file__).parents[4]
    done = subprocess.run(
        [sys.executable, "-m", "dbsbm", *command],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(root)},
    )
    (found,) = json.loads(done.stdout)["incidents"]
    assert list(found) == ["rule", "series", "started", "resolved", "worst", "messages"]
    assert (found["rule"], found["series"]) == ("slow-queries", "query_seconds")
    assert START + 3600 < found["started"] <= START + 3690
    assert found["resolved"] > START + 70 * 60
    assert (found["worst"] > 4, found["messages"]) == (True, 1)


def test_a_program_is_told_beside_its_json_what_was_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    thousandths = [(f"{at}000", *rest) for at, *rest in rows("query_seconds", BURST)]
    recording = write(tmp_path / "day.csv", thousandths)
    assert main(["alerts", "replay", "--series", str(recording), "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {"incidents": []}
    total = len(thousandths)
    assert err == f"{total} rows of {total} were left out: no time.\n"


def test_a_wrong_rules_file_is_one_sentence_and_no_traceback(tmp_path: Path) -> None:
    recording = write(tmp_path / "day.csv", [])
    own = tmp_path / "own.toml"
    own.write_text('[rules.slow-queries]\nabove = "much"\n', "utf-8")
    root = Path(__file__).parents[4]
    arguments = ["--rules", str(own), "--series", str(recording)]
    done = subprocess.run(
        [sys.executable, "-m", "dbsbm", "alerts", "replay", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
    )
    assert done.returncode == 2
    assert done.stderr.strip().endswith("must be a number without quotes, such as 0.8.")
    assert "line 2" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_order_and_doubles_do_not_matter() -> None:
    tidy = list(rows("query_seconds", BURST))
    untidy = [*tidy, *tidy[::7]]
    random.Random(1).shuffle(untidy)
    assert incidents(iter(untidy)) == incidents(iter(tidy))


def test_what_is_no_reading_is_counted_and_left_out() -> None:
    wrong: list[Row] = [
        ("1770000000", "query_seconds", "NaN", "1"),
        ("1770000000", "query_seconds", "", "1"),
        ("1770000000", "query_seconds", None, None),
        ("soon", "query_seconds", "1", "1"),
        ("1770000000000", "query_seconds", "1", "1"),
        ("1770000000", " ", "1", "1"),
        ("1770000000", "query_seconds", "1", "-3"),
        ("1770000000", "query_seconds", "inf", "1"),
        ("1770000000", "query_seconds", "1e308", "1"),
        ("1770000000", "query_seconds", "1", "1e308"),
    ]
    found = replay(load_rules(), Recording([*wrong, *rows("query_seconds", BURST)]))
    assert found.refused == {"no value": 5, "no time": 2, "no series": 1, "no count": 2}
    assert len(found.incidents) == 1


def test_a_count_beyond_all_others_breaks_nothing() -> None:
    bad = list(rows("cache_hit_ratio", lambda _: 0.5, hours=1))
    at, name, value, _ = bad[5]
    bad[5] = (at, name, value, "1e99")
    (found,) = replay(load_rules(), Recording(bad)).incidents
    assert found.rule == "low-hit-ratio"


def test_times_may_be_iso_8601() -> None:
    recording = Recording([("2026-02-02T02:40:00Z", "query_seconds", "1", "")])
    assert recording.start == START


def test_an_incident_that_still_fires_has_no_end() -> None:
    (found,) = incidents(rows("query_seconds", during(60, 999, 4.0, 0.3)))
    assert found.as_json()["resolved"] is None


def test_recordings_of_the_fleets_own_series_are_judged_too() -> None:
    series = "db.query{verb=select}"
    (found,) = incidents(rows(series, BURST))
    assert (found.rule, found.series) == ("slow-queries", series)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the header lacks timestamp, series, value"),
        ("time,series,value\n1,a,2\n", "the header lacks timestamp"),
    ],
)
def test_a_wrong_header_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "day.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=said):
        read_recording(path)


def test_an_empty_recording_has_no_incidents() -> None:
    assert replay(load_rules(), Recording([])).incidents == []


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(0, 1e5).map(str),
            st.sampled_from(["query_seconds", "memory_mb", "cache_hit_ratio", "other"]),
            st.floats(allow_nan=True, allow_infinity=True).map(str),
            st.one_of(st.none(), st.floats(-1, 1e6).map(str), st.just("")),
        ),
        max_size=60,
    )
)
def test_nothing_breaks_a_replay(lines: list[Row]) -> None:
    for found in replay(load_rules(), Recording(lines)).incidents:
        assert found.resolved is None or found.resolved >= found.started
