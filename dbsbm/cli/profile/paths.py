"""How a source file is shown in a table."""

from __future__ import annotations

from pathlib import Path


def short(file: str) -> str:
    """The last parts of a path: what tells modules apart."""
    return "/".join(Path(file).parts[-3:])
