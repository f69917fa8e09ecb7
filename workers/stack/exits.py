"""Learning at once that a child process has ended."""

from __future__ import annotations

import asyncio
import signal
import subprocess


class ExitWatch:
    """Waits for children by SIGCHLD: no thread a child, and no polling.

    A context manager to be entered in the main thread, inside a running event loop.
    """

    def __init__(self) -> None:
        self._some_child_ended = asyncio.Event()

    def __enter__(self) -> ExitWatch:
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._wake)
        return self

    def __exit__(self, *_exception: object) -> None:
        asyncio.get_running_loop().remove_signal_handler(signal.SIGCHLD)

    async def code_of(self, child: subprocess.Popen[bytes]) -> int:
        """Wait for the end of `child`; its exit code, or minus the signal that killed it."""
        while (code := child.poll()) is None:
            await self._some_child_ended.wait()
        return code

    def _wake(self) -> None:
        self._some_child_ended.set()
        # Whoever waits has been woken; whoever waits from now on waits for the next one.
        self._some_child_ended = asyncio.Event()
