"""One child process: started, signalled, frozen and ended by its handle."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.servers.reaper import Reaper

_reaper = Reaper()


class ChildProcess:
    """A process in a session of its own, so that Ctrl-C at the terminal reaches only pytest.

    Args:
        argv: The command and its arguments.
        cwd: The directory it runs in.
        log: The file that receives its output, appended to over restarts.
        env: Its whole environment; this process's own when None.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        log: Path,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.argv = list(argv)
        self.cwd = cwd
        self.log_path = log
        self.env = env
        self._popen: subprocess.Popen[bytes] | None = None
        self._group_alive = False

    def start(self) -> None:
        """Start the process; the one before it must have ended.

        Raises:
            AssertionError: It is running already.
            OSError: The command cannot be run.
        """
        assert not self.running, f"{self.argv[0]} is running already as process {self.pid}"
        with self.log_path.open("ab") as log:
            self._popen = subprocess.Popen(
                self.argv,
                cwd=self.cwd,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._group_alive = True
        _reaper.watch(self.pid)

    @property
    def pid(self) -> int:
        """The number of the process that was started last."""
        assert self._popen is not None, f"{self.argv[0]} was never started"
        return self._popen.pid

    @property
    def running(self) -> bool:
        """Whether the process has been started and has not ended; a frozen one is running."""
        return self._popen is not None and self._popen.poll() is None

    @property
    def exit_code(self) -> int | None:
        """The exit code, minus the signal's number for a killed process, None while it runs."""
        return self._popen.poll() if self._popen else None

    def signal(self, number: int) -> None:
        """Send a signal to the process itself, not to its children."""
        if self.running:
            os.kill(self.pid, number)

    def freeze(self) -> None:
        """Stop the process where it is (SIGSTOP): its sockets stay open and silent."""
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen process go on (SIGCONT)."""
        self.signal(signal.SIGCONT)

    def stop(self, timeout: float = 30.0) -> None:
        """Ask the process to end (SIGTERM) and wait for it.

        Raises:
            subprocess.TimeoutExpired: It did not end in time.
        """
        self.signal(signal.SIGTERM)
        self.thaw()
        self.wait(timeout)

    def kill(self) -> None:
        """End the process and its children at once (SIGKILL)."""
        self.signal(signal.SIGKILL)
        self.wait(timeout=30)

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the end, then end what the process left behind, and return the exit code.

        Raises:
            subprocess.TimeoutExpired: It did not end in time.
        """
        if self._popen is None:
            return None
        code = self._popen.wait(timeout)
        self._end_group()
        return code

    def _end_group(self) -> None:
        if not self._group_alive:  # its number may be another process's by now
            return
        self._group_alive = False
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        _reaper.forget(self.pid)

    def log(self) -> str:
        """Return all that the process has printed."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""
