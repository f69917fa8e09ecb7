"""`./dev up --once` in a fresh clone: what a newcomer waits for."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

from bench.harness import progress
from dbsbm.settings import PROJECT_ROOT

_GIVE_UP = 900.0
# What would lend the clone something of this checkout or of its environment.
_INHERITED = ("PYTHONPATH", "VIRTUAL_ENV", "DBSBM_PYTHON", "DATA_DIR")


class OnceFailed(Exception):
    """A step of `./dev up --once` failed; the text is what it printed."""


def first_and_second() -> tuple[float, float]:
    """Seconds of `./dev up --once` where nothing is installed, and of the same again.

    Raises:
        OnceFailed: A step failed.
    """
    with tempfile.TemporaryDirectory(prefix="dbsbm fresh ") as folder:
        clone = Path(folder) / "a clone"
        git = ["git", "clone", "--quiet", "--no-hardlinks", str(PROJECT_ROOT), str(clone)]
        subprocess.run(git, check=True)
        return _up(clone), _up(clone)


def _up(clone: Path) -> float:
    progress("./dev up --once in a fresh clone")
    environment = {name: value for name, value in os.environ.items() if name not in _INHERITED}
    began = time.perf_counter()
    done = subprocess.run(
        ["./dev", "up", "--once", "--json"],
        cwd=clone,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_GIVE_UP,
        check=False,
    )
    seconds = time.perf_counter() - began
    if done.returncode != 0:
        raise OnceFailed(done.stdout[-2000:] + done.stderr[-2000:])
    result = json.loads(done.stdout.splitlines()[-1])
    if not result["ok"]:
        raise OnceFailed(done.stdout)
    return seconds
