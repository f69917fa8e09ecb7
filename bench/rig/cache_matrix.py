"""The matrix of statements after which cached queries must be gone: how many cases, how many wrong.

The cases are tests, and are run as such: on SQLite and on MariaDB, and where it matters at every
isolation level.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

from bench.harness import Row, progress
from dbsbm.settings import PROJECT_ROOT

MATRIX = "tests/integration/querycache/test_matrix.py"
FORMS = 60
_GIVE_UP = 900.0


class MatrixError(Exception):
    """The cases could not be run; the text is what was printed."""


def rows(quick: bool) -> Iterator[Row]:
    """Run the matrix; with `quick` on SQLite alone."""
    progress("the matrix of statements")
    results = dict(_results(["-k", "sqlite"] if quick else []))
    # A test's name ends in `[database or isolation level: the form of writing]`.
    forms = {name.rpartition(": ")[2] for name in results if name.endswith("]")}
    wrong = [name for name, is_right in results.items() if not is_right]
    for name in wrong:
        progress(f"wrong: {name}")
    name = "forms of writing that invalidate cached queries"
    yield Row(name, len(forms), "forms", better="higher", floor=FORMS)
    yield Row(
        f"{name}, on every database and isolation level: wrong",
        len(wrong),
        "cases",
        floor=0,
        runs=len(results),
    )


def _results(options: list[str]) -> Iterator[tuple[str, bool]]:
    with tempfile.TemporaryDirectory(prefix="dbsbm-matrix-") as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", MATRIX, f"--junitxml={report}", *options]
        done = subprocess.run(
            command, cwd=PROJECT_ROOT, capture_output=True, text=True, timeout=_GIVE_UP, check=False
        )
        if not report.exists():
            raise MatrixError(done.stdout[-2000:] + done.stderr[-2000:])
        # Our own pytest wrote it.
        for case in ET.parse(report).iter("testcase"):
            yield str(case.get("name")), len(case) == 0
