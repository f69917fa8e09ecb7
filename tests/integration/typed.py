"""Commands as they are typed, within the test's process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dbsbm.cli import main

Typed = Callable[..., tuple[int, str, str]]
"""Words -> the exit code, and what was printed on both streams."""


@pytest.fixture
def typed(
    migrated_sqlite_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Typed:
    """Runs `python -m dbsbm WORDS` for a fleet with an empty database."""
    for name, value in {
        "SECRET_KEY": "k" * 40,
        "DATABASE_URL": migrated_sqlite_url,
        "DATA_DIR": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)

    def run(*words: str) -> tuple[int, str, str]:
        try:
            code = main([*words])
        except SystemExit as ending:
            code = int(ending.code or 0)
        return (code, *capsys.readouterr())

    return run
