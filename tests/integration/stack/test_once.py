"""The whole fleet, started for real, proves itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
STEPS = [
    *("start", "games", "bet", "warm"),
    *("beat.metrics", "beat.cleanup", "beat.optimizer", "flower"),
]


def run_once(data: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "workers.stack", "up", "--once", "--json"],
        cwd=ROOT,
        env={**os.environ, "DATA_DIR": str(data), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )


@pytest.mark.timeout(300)
def test_every_step_works_from_the_command_to_the_slip(tmp_path):
    data = tmp_path / "with space"
    # Whatever a person has set, the proof touches nothing real.
    done = run_once(data, DISCORD_TOKEN="real", BROKER_URL="redis://real.invalid/0")
    assert done.stdout.count("\n") == 1, done.stderr
    result = json.loads(done.stdout)
    assert [step["name"] for step in result["steps"]] == STEPS, done.stderr
    assert all(step["ok"] for step in result["steps"]), done.stdout
    assert result["ok"] is True
    assert done.returncode == 0
    (slip,) = (data / "slips").glob("*.png")
    assert str(slip) in done.stdout
    assert _processes_of(data) == []


def test_a_wrong_setting_is_a_failed_start_that_names_it(tmp_path):
    done = run_once(tmp_path, LOG_LEVEL="loud")
    result = json.loads(done.stdout)
    assert (result["ok"], done.returncode) == (False, 1)
    (start,) = result["steps"]
    assert start["name"] == "start"
    assert "LOG_LEVEL" in start["detail"]


def _processes_of(data: Path) -> list[str]:
    """Command lines of processes whose environment names this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(data).encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text())
        except OSError:
            continue
    return found
