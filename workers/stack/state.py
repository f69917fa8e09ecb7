"""What a running stack writes down, so that other commands find it."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from workers.stack.identity import Identity


@dataclass(slots=True)
class StackState:
    """The content of `stack.json`.

    Attributes:
        supervisor: The process that keeps the others alive.
        processes: The others, by name, in the order in which they were started.
        notes: Lines for people: addresses and how to stop it; empty until all is up.
    """

    supervisor: Identity
    processes: dict[str, Identity] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """What the stack of this folder wrote last, or None."""
        try:
            values: dict[str, Any] = json.loads(_file(folder).read_text("utf-8"))
            processes = {name: Identity(**each) for name, each in values["processes"].items()}
            return cls(Identity(**values["supervisor"]), processes, values["notes"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def write(self, folder: Path) -> None:
        """Replace the file in one step: whoever reads it sees one state or the other."""
        new = _file(folder).with_suffix(".new")
        new.write_text(json.dumps(asdict(self), indent=2), "utf-8")
        new.replace(_file(folder))


def forget(folder: Path) -> None:
    """Remove the file: nothing of this folder runs any more."""
    _file(folder).unlink(missing_ok=True)


class FolderLock:
    """Held by the one supervisor of a folder for as long as it lives, however it ends."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "stack.lock"
        self._file: int | None = None

    def acquire(self) -> bool:
        """Take the lock; False where another supervisor has it."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._file = file
        return True

    def release(self) -> None:
        """Give the lock back."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _file(folder: Path) -> Path:
    return folder / "stack.json"
