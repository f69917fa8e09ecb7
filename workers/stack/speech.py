"""Talking to the person at the terminal."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from workers.stack.logfile import LogFile

Say = Callable[[str], None]
"""Tells a person one line."""


def tell(text: str, out: TextIO | None = None) -> None:
    """Print a line. The terminal may have been closed meanwhile: that stops nothing."""
    with contextlib.suppress(OSError):
        stream = out or sys.stdout
        stream.write(f"{text}\n")
        stream.flush()


def complain(text: str) -> None:
    """Print a line to standard error."""
    tell(text, sys.stderr)


def speaker(folder: Path, out: TextIO) -> Say:
    """Say things to a person, and write them into the supervisor's own log."""
    log = LogFile(folder / "logs" / "supervisor.log")

    def say(text: str) -> None:
        tell(text, out)
        with contextlib.suppress(OSError):  # the disk may be full
            log.rotate()
            with log.open() as file:
                file.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {text}\n".encode())

    return say
