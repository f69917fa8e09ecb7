"""Which process a number meant: numbers are used again, births are not."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from signal import Signals

import psutil

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Identity:
    """A process that may have ended.

    Attributes:
        pid: Its number, also that of its process group.
        birth: When it began, in a form that a change of the clock leaves alone.
    """

    pid: int
    birth: str

    def is_alive(self) -> bool:
        """True while this very process runs."""
        return _birth(self.pid) == self.birth

    def signal(self, number: Signals) -> None:
        """Send a signal to the process, if it is still there."""
        if self.is_alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def signal_group(self, number: Signals) -> None:
        """Send a signal to the process and its children, if it is still there."""
        if self.is_alive():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)


def identify(pid: int) -> Identity:
    """The identity of a process that runs now.

    Raises:
        ProcessLookupError: There is no such process.
    """
    birth = _birth(pid)
    if birth is None:
        raise ProcessLookupError(pid)
    return Identity(pid, birth)


def _birth(pid: int) -> str | None:
    """Ticks since this boot on Linux; elsewhere what psutil knows. None: no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", errors="replace")
    except OSError:
        return _birth_by_clock(pid)
    # The command's name, in parentheses, may hold spaces; the state follows it.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else f"{_boot_id()}:{fields[19]}"


def _boot_id() -> str:
    return _BOOT_ID.read_text("ascii").strip()


def _birth_by_clock(pid: int) -> str | None:
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return f"{process.create_time():.2f}"
    except psutil.Error:
        return None
