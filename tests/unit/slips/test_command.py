from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.unit.slips.examples import opened


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dbsbm.slips", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_writes_an_example_slip(tmp_path: Path) -> None:
    path = tmp_path / "slip.png"
    answer = run(str(path), "--status", "won", "--sandbox", "--name", "محمد FC", "--note", "")
    assert answer.returncode == 0, answer.stderr
    assert opened(path.read_bytes()).width == 1200


def test_the_command_names_the_statuses_it_knows(tmp_path: Path) -> None:
    answer = run(str(tmp_path / "slip.png"), "--status", "maybe")
    assert answer.returncode == 2
    assert "half_won" in answer.stderr
