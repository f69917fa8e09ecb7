"""The note inside `.venv` that tells which lock files it was made from.

While packages are being installed the note says so: a `.venv` that was left in the middle is then
known for what it is. A `.venv` without a note was made by somebody else.
"""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import asdict, dataclass, field
from pathlib import Path

_NAME = "dbsbm-environment.json"
UNFINISHED = "unfinished"
READY = "ready"


@dataclass(frozen=True, slots=True)
class Marker:
    """What a virtual environment holds.

    Attributes:
        state: UNFINISHED or READY.
        python: Version of its interpreter, such as "3.11.7".
        locks: Lock file's name -> hash of its content when it was installed.
    """

    state: str
    python: str
    locks: dict[str, str] = field(default_factory=dict)


def read(venv: Path) -> Marker | None:
    """The note, or None where there is none that can be read."""
    try:
        return Marker(**json.loads((venv / _NAME).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write(venv: Path, state: str, locks: dict[str, str]) -> None:
    """Replace the note in one step, so that it is never half written."""
    new = venv / f"{_NAME}.new"
    new.write_text(json.dumps(asdict(Marker(state, platform.python_version(), locks))), "utf-8")
    new.replace(venv / _NAME)


def digest(lock: Path) -> str:
    """The hash of a lock file's content."""
    return hashlib.sha256(lock.read_bytes()).hexdigest()
