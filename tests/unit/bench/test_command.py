"""`python -m bench`: which bench runs, what it prints, and its exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import bench
from bench.__main__ import main, names
from bench.harness import Row

SPEED = """
from bench.harness import Row, progress

def rows(quick):
    progress("warming up")
    yield Row("hit", 0.25 if quick else 0.5, "ms", floor=1.0, aim=0.2, peers={"peer": 2345.6})
    yield Row("rate", 900.0, "1/s", better="higher", floor=800.0, runs=4, spread=0.125)
"""
SLOW = """
from bench.harness import Row

def rows(quick):
    yield Row("fast", 1.0, "ms", floor=2.0)
    yield Row("slow", 3.0, "ms", floor=2.0)
"""
UNINSTALLABLE = """
from bench.peers import PeerError

def rows(quick):
    raise PeerError("cashews could not be installed")
    yield
"""


@pytest.fixture(autouse=True)
def benches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    sources = {"speed_": SPEED, "slow_": SLOW, "empty_": "def rows(quick): return []"}
    sources |= {"uninstallable_": UNINSTALLABLE, "_helper": "", "harness": "", "peers": ""}
    for name, source in sources.items():
        (tmp_path / f"{name}.py").write_text(source)
    before = set(sys.modules)
    monkeypatch.setattr(bench, "__path__", [str(tmp_path)])
    yield
    for name in set(sys.modules) - before:
        sys.modules.pop(name)


def test_benches_are_the_modules_that_are_not_tools() -> None:
    assert names() == ["empty_", "slow_", "speed_", "uninstallable_"]


def test_json_is_one_document_and_progress_stays_beside_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["speed_", "--json", "--quick"]) == 0
    printed = capsys.readouterr()
    body = json.loads(printed.out)
    assert list(body) == ["bench", "machine", "rows"]
    assert body["bench"] == "speed_"
    assert [row["row"] for row in body["rows"]] == ["hit", "rate"]
    assert body["rows"][0]["value"] == 0.25
    assert "warming up" in printed.err
    assert "hit: 0.25 ms" in printed.err


def test_the_table_has_a_line_for_each_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["speed_"]) == 0
    head, hit, rate = capsys.readouterr().out.splitlines()
    assert head.split() == ["value", "floor", "aim", "ok", "runs", "spread", "peers"]
    assert hit.split() == ["hit", "0.5", "ms", "1", "0.2", "ok", "1", "0%", "peer", "2,346"]
    assert rate.split() == ["rate", "900", "1/s", "800", "-", "ok", "4", "12%"]


def test_a_failing_floor_is_named_and_fails_the_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["slow_"]) == 1
    printed = capsys.readouterr()
    assert "FAILS" in printed.out
    assert printed.err.endswith("the floor fails: slow\n")


def test_a_bench_that_measures_nothing_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["empty_", "--json"]) == 1
    assert "measured nothing" in capsys.readouterr().err


def test_an_unknown_name_is_answered_with_the_known_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["sped"]) == 2
    assert "choose from empty_, slow_, speed_, uninstallable_" in capsys.readouterr().err
    assert main(["harness"]) == 2


def test_a_missing_peer_is_a_sentence_not_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["uninstallable_"]) == 2
    assert capsys.readouterr().err == "bench: cashews could not be installed\n"


def test_a_row_s_direction_is_not_published() -> None:
    assert "better" not in Row("row", 1.0, "ms").as_json()


def test_a_seed_is_passed_on_to_a_bench_that_takes_one_and_refused_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = "from bench.harness import Row\n"
    source += "def rows(quick, seed=None): return [Row('seeded', seed or 0, 'seed')]"
    (tmp_path / "seeded_.py").write_text(source)
    assert main(["seeded_", "--seed", "7", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"][0]["value"] == 7
    assert main(["speed_", "--seed", "7"]) == 2
    assert "leave --seed out" in capsys.readouterr().err
