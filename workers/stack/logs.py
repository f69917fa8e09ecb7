"""`./dev logs`: what the processes wrote, together or one alone."""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path
from typing import TextIO

from dbsbm.settings import PROJECT_ROOT
from workers.stack.instance import given_settings, ordinary_folder
from workers.stack.speech import complain

LINES = 40
_PERIOD = 0.2


def logs(process: str | None, *, follow: bool) -> int:
    """Print the end of each log, or of one; with `follow`, go on until Ctrl-C."""
    folder = ordinary_folder(given_settings(PROJECT_ROOT), PROJECT_ROOT) / "logs"
    names = sorted(file.stem for file in folder.glob("*.log"))
    if process is not None and process not in names:
        known = ", ".join(names) or "none yet"
        complain(f"There is no log of {process!r}; there are: {known}.")
        return 2
    tails = [Tail(folder, name) for name in ([process] if process else names)]
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        for tail in tails:
            tail.show_end(sys.stdout)
        while follow:
            for tail in tails:
                tail.show_new(sys.stdout)
            time.sleep(_PERIOD)
    return 0


class Tail:
    """The end of one log.

    Args:
        folder: Where the logs are.
        name: The process.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / f"{name}.log"
        self._prefix = f"{name:<10} | "
        self._offset = 0

    def show_end(self, out: TextIO, lines: int = LINES) -> None:
        """Print the last lines."""
        with self._path.open("rb") as file:
            size = file.seek(0, 2)
            start = file.seek(max(0, size - lines * 400))
            whole = file.read().splitlines()[1 if start else 0 :]
            self._print(whole[-lines:], out)
            self._offset = size

    def show_new(self, out: TextIO) -> None:
        """Print whole lines that came since the last look."""
        if self._path.stat().st_size < self._offset:
            self._offset = 0  # it was rotated
        with self._path.open("rb") as file:
            file.seek(self._offset)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._offset += len(whole)
        self._print(whole.splitlines(), out)

    def _print(self, lines: list[bytes], out: TextIO) -> None:
        texts = (line.decode("utf-8", errors="replace") for line in lines)
        out.writelines(f"{self._prefix}{text}\n" for text in texts)
        out.flush()
