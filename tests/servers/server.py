"""What every server that tests start has in common: its life."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from tests.servers.process import ChildProcess


class Server(ABC):
    """A server in a process of ours. A context manager: leaving it closes the server.

    A class that builds on it sets `_process` and says what it takes to start.
    """

    _process: ChildProcess

    @property
    def pid(self) -> int:
        """The number of the server's process."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process is there; a frozen one is."""
        return self._process.running

    @abstractmethod
    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            AssertionError: It ended or stayed silent; the text is its log.
        """

    def stop(self) -> None:
        """End the server in good order (SIGTERM)."""
        self._process.stop()

    def kill(self) -> None:
        """End the server at once (SIGKILL)."""
        self._process.kill()

    def freeze(self) -> None:
        """Make the server hang (SIGSTOP): connections stay open and nothing answers."""
        self._process.freeze()

    def thaw(self) -> None:
        """Let a frozen server go on."""
        self._process.thaw()

    def restart(self) -> None:
        """Stop the server if it still runs, then start it on the same port and data."""
        self.stop()
        self.start()

    def renew(self) -> None:
        """Bring the server back: running, and not frozen."""
        self.thaw()
        if not self.running:
            self.start()

    def log(self) -> str:
        """Return what the server has printed."""
        return self._process.log()

    def close(self) -> None:
        """Kill the server."""
        self.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
