"""Says what a long step is doing: a live line on a terminal, a few plain lines elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import Self, TextIO

_TERMINAL_PERIOD = 0.2
_PLAIN_PERIOD = 10.0


class Progress:
    """A step that takes time. A context manager; leaving it says how long the step took.

    Args:
        what: The step, such as "Installing packages".
        out: Where to write; standard output is left to the commands' own results.
    """

    def __init__(self, what: str, out: TextIO | None = None) -> None:
        self._what = what
        self._out = out or sys.stderr
        self._live = self._out.isatty()
        self._detail = ""
        self._done = threading.Event()
        self._began = time.monotonic()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    def detail(self, text: str) -> None:
        """Show how far the step is."""
        self._detail = text

    def __enter__(self) -> Self:
        if not self._live:
            self._write(f"{self._what} ...\n")
        self._ticker.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._done.set()
        self._ticker.join()
        outcome = "done" if error is None else "not done"
        start = "\r\033[K" if self._live else ""
        self._write(f"{start}{self._what}: {outcome}, {self._elapsed():.0f} s\n")

    def _tick(self) -> None:
        period = _TERMINAL_PERIOD if self._live else _PLAIN_PERIOD
        start, end = ("\r\033[K", "") if self._live else ("", "\n")
        while not self._done.wait(period):
            parts = (self._what, self._detail, f"{self._elapsed():.0f} s")
            self._write(start + ", ".join(filter(None, parts)) + end)

    def _elapsed(self) -> float:
        return time.monotonic() - self._began

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()
