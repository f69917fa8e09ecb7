"""Ends what a test session started, however that session ended.

Run as a program of its own, it reads `+PID` and `-PID` lines from its standard input. The input
closes when the session is gone, be it by Ctrl-C, a crash or SIGKILL; then every process group
still on the list is killed. Linux's PR_SET_PDEATHSIG would be shorter, but it follows the thread
that started the child: a server restarted from a helper thread would die with that thread.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import subprocess
import sys


class Reaper:
    """This process's line to its reaper, which starts with the first process to watch."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def watch(self, pid: int) -> None:
        """Have the group of `pid` killed should this process end first."""
        self._tell(f"+{pid}\n")

    def forget(self, pid: int) -> None:
        """Take an ended process off the list, as its number may be used again."""
        self._tell(f"-{pid}\n")

    def _tell(self, line: str) -> None:
        stdin = (self._process or self._start()).stdin
        assert stdin is not None
        stdin.write(line)
        stdin.flush()

    def _start(self) -> subprocess.Popen[str]:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        atexit.register(self._close, self._process, os.getpid())
        return self._process

    @staticmethod
    def _close(process: subprocess.Popen[str], owner: int) -> None:
        if os.getpid() == owner:
            process.communicate()


def _reap() -> None:
    groups: set[int] = set()
    for line in sys.stdin:
        (groups.add if line.startswith("+") else groups.discard)(int(line[1:]))
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    _reap()
