from __future__ import annotations

from pathlib import Path

from tests.unit.slips.examples import opened, python


def test_the_command_writes_an_example_slip(tmp_path: Path) -> None:
    path = tmp_path / "slip.png"
    answer = python(
        "-m",
        "dbsbm.slips",
        str(path),
        "--status",
        "won",
        "--sandbox",
        "--name",
        "محمد FC",
        "--note",
        "",
    )
    assert answer.returncode == 0, answer.stderr
    assert opened(path.read_bytes()).width == 1200


def test_the_command_names_the_statuses_it_knows(tmp_path: Path) -> None:
    answer = python("-m", "dbsbm.slips", str(tmp_path / "slip.png"), "--status", "maybe")
    assert answer.returncode == 2
    assert "half_won" in answer.stderr
