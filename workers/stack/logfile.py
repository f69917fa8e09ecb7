"""A process's log file, bounded in size."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import BinaryIO

MAX_BYTES = 10 * 1024 * 1024
KEPT = 2


class LogFile:
    """A file that processes append to, and its older parts `.1`, `.2`.

    The processes hold the file itself, not a pipe to us: nothing they say is lost or held up while
    the supervisor is stopped or busy. So it cannot be renamed under them; it is copied and emptied,
    which may lose a line that is written between the two.

    Args:
        path: The file.
        max_bytes: Size at which it is rotated.
    """

    def __init__(self, path: Path, max_bytes: int = MAX_BYTES) -> None:
        self.path = path
        self._max_bytes = max_bytes
        path.parent.mkdir(parents=True, exist_ok=True)

    def open(self) -> BinaryIO:
        """Open it for a process; every write lands at the end, also after it was emptied."""
        return self.path.open("ab")

    def size(self) -> int:
        """Its size in bytes, 0 where there is none yet."""
        return self.path.stat().st_size if self.path.exists() else 0

    def rotate(self) -> None:
        """Move what is written to the older parts, if it has become too much."""
        if self.size() < self._max_bytes:
            return
        for number in range(KEPT, 1, -1):
            older = self.part(number - 1)
            if older.exists():
                older.replace(self.part(number))
        try:
            shutil.copyfile(self.path, self.part(1))
        except OSError:  # the disk is full: room for new lines is worth more than old ones
            self.part(1).unlink(missing_ok=True)
        with self.path.open("r+b") as file:
            file.truncate()

    def part(self, number: int) -> Path:
        """The path of an older part, 1 the youngest."""
        return self.path.with_name(f"{self.path.name}.{number}")

    def last_line(self, since: int = 0) -> str:
        """The last line that says something and was written after offset `since`; '' if none."""
        if not self.path.exists():
            return ""
        with self.path.open("rb") as file:
            file.seek(max(since if since <= self.size() else 0, self.size() - 16_384))
            text = file.read().decode("utf-8", errors="replace")
        return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
