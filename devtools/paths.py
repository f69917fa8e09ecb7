"""Where things are."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK_VENV = ROOT / ".venv-lock"
REQUIREMENTS = ROOT / "requirements"


def python_of(venv: Path) -> Path:
    """The interpreter of a virtual environment, which need not exist."""
    return venv / "bin" / "python"
