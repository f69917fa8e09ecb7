"""`./dev down`: end the fleet that `./dev up` started, from another terminal."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from dbsbm.settings import PROJECT_ROOT
from workers.stack import leftovers, state
from workers.stack.instance import given_settings, ordinary_folder
from workers.stack.speech import tell
from workers.stack.state import FolderLock, StackState

# All stages of an orderly stop together.
PATIENCE = 45.0


def down() -> int:
    """End the fleet of this project."""
    return end_stack(ordinary_folder(given_settings(PROJECT_ROOT), PROJECT_ROOT))


def end_stack(folder: Path, patience: float = PATIENCE) -> int:
    """End the stack of a folder, also one whose supervisor is gone or does not listen.

    Args:
        folder: The instance folder.
        patience: Seconds that the supervisor has for an orderly stop.
    """
    known = StackState.read(folder)
    if known is None:
        tell("Nothing is running.")
        return 0
    lock = FolderLock(folder)
    if not lock.acquire():
        tell("Stopping ...")
        known.supervisor.signal(signal.SIGTERM)
        if not _acquired_within(lock, patience):
            known.supervisor.signal(signal.SIGKILL)
    left = leftovers.end(known.processes.values())
    state.forget(folder)
    tell("Stopped." if not left else f"Stopped; {left} processes had to be ended one by one.")
    return 0


def _acquired_within(lock: FolderLock, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if lock.acquire():
            return True
        time.sleep(0.05)
    return False
