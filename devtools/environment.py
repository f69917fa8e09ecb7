"""The virtual environment in `.venv`: made when it is missing, renewed when a lock file changes."""

from __future__ import annotations

import fcntl
import platform
import shutil
import sys
import venv as stdlib_venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from devtools import installer, marker
from devtools.errors import DevError
from devtools.paths import REQUIREMENTS, VENV, python_of

BASE = "base.txt"
DEV = "dev.txt"

Install = Callable[..., None]


def ensure(lock: str, *, venv: Path = VENV, install: Install = installer.install) -> Path:
    """Make `venv` hold at least what `lock` names. Takes milliseconds where it does already.

    Args:
        lock: BASE or DEV; DEV includes all of BASE.
        venv: Where the environment is or will be.
        install: Puts the packages of a lock file into a virtual environment.

    Returns:
        The interpreter of the environment.

    Raises:
        DevError: The environment cannot be made here; the text says why.
    """
    if not _holds(venv, lock):
        try:
            with _alone():
                # Another `./dev` may have made it while this one waited.
                if not _holds(venv, lock):
                    _renew(venv, lock, install)
        except OSError as error:
            raise DevError(f"Cannot make {venv}: {error.strerror or error}.") from error
    return python_of(venv)


def _holds(venv: Path, lock: str) -> bool:
    note = marker.read(venv)
    return (
        note is not None
        and note.state == marker.READY
        and _is_same_python(note)
        and note.locks.get(lock) == marker.digest(REQUIREMENTS / lock)
        and python_of(venv).exists()
    )


def _is_same_python(note: marker.Marker) -> bool:
    """True where the note speaks of the interpreter that runs now; a bug-fix release may differ."""
    return note.python.split(".")[:2] == platform.python_version().split(".")[:2]


def _renew(venv: Path, lock: str, install: Install) -> None:
    note = marker.read(venv)
    if note is not None and (note.state != marker.READY or not _is_same_python(note)):
        shutil.rmtree(venv)
        note = None
    if not python_of(venv).exists():
        venv.mkdir(exist_ok=True)
        marker.write(venv, marker.UNFINISHED, {})
        stdlib_venv.create(venv, symlinks=True)
    if note is not None and DEV in note.locks:
        lock = DEV  # or the tools would fall behind the packages they look at
    install(
        venv,
        REQUIREMENTS / lock,
        before_change=lambda: marker.write(venv, marker.UNFINISHED, {}),
    )
    names = (BASE, DEV) if lock == DEV else (BASE,)
    marker.write(venv, marker.READY, {name: marker.digest(REQUIREMENTS / name) for name in names})


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the project's own lock: two commands at once must not install over each other."""
    with (REQUIREMENTS / BASE).open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for another ./dev that is making the environment.", file=sys.stderr)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
