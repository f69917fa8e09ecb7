"""`./dev` itself: finding a Python, and the commands."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SHELLS = [shell for shell in ("dash", "bash", "sh") if shutil.which(shell)]


def run(script: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [script, *arguments],
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the script and its tools, without an environment, in a path with spaces."""
    place = tmp_path / "my projects" / "dbsbm"
    place.mkdir(parents=True)
    shutil.copy(ROOT / "dev", place)
    shutil.copytree(ROOT / "devtools", place / "devtools")
    return place


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A PATH of nothing but what the script itself needs."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("dirname", "sh"):
        (folder / name).symlink_to(str(shutil.which(name)))
    return folder


def put(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def test_without_a_command_it_prints_help(project):
    done = run(project / "dev", DBSBM_PYTHON=sys.executable)
    assert done.returncode == 0
    for command in ("up", "up --once", "test", "check", "bench", "down", "logs", "lock"):
        assert re.search(rf"^  {command}\b", done.stdout, re.MULTILINE), command


def test_an_unknown_command_is_one_sentence_and_exit_code_2(project):
    done = run(project / "dev", "deploy", DBSBM_PYTHON=sys.executable)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == "There is no command 'deploy': `./dev help` lists those there are.\n"


def test_a_python_that_is_too_old_is_refused_in_one_sentence(project, programs):
    put(programs, "python3", "exit 1")
    done = run(project / "dev", "up", PATH=str(programs))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "needs Python 3.11 or newer" in done.stderr


def test_a_chosen_python_that_does_not_run_is_named(project):
    done = run(project / "dev", "help", DBSBM_PYTHON="/nowhere/python")
    assert done.returncode == 1
    assert "DBSBM_PYTHON (/nowhere/python)" in done.stderr


def test_a_shim_that_runs_nothing_is_passed_over(project, programs):
    put(programs, "python3.14", "echo 'no such version is installed' >&2; exit 127")
    put(programs, "python3.12", f'exec "{sys.executable}" "$@"')
    done = run(project / "dev", "help", PATH=str(programs))
    assert done.returncode == 0
    assert done.stderr == ""


def test_other_projects_modules_on_the_python_path_are_kept_out(project, tmp_path):
    (tmp_path / "devtools").mkdir()
    (tmp_path / "devtools" / "__main__.py").write_text("print('somebody else')")
    done = run(
        project / "dev",
        DBSBM_PYTHON=sys.executable,
        PYTHONPATH=str(tmp_path),
        PYTHONSAFEPATH="1",
    )
    assert "somebody else" not in done.stdout
    assert "./dev COMMAND" in done.stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_it_speaks_no_shell_but_the_standard_one(shell):
    assert subprocess.run([shell, "-n", ROOT / "dev"], check=False).returncode == 0


@pytest.mark.parametrize("command", ["down", "logs"])
def test_before_anything_was_started_nothing_is_installed_to_say_so(project, command):
    done = run(project / "dev", command, DBSBM_PYTHON=sys.executable)
    assert done.returncode == 0
    assert done.stdout == "Nothing is running: start it with ./dev up.\n"
    assert not (project / ".venv").exists()
