"""The board: what was committed, and when, in memory that all processes of a crew share."""

from __future__ import annotations

import mmap
from pathlib import Path

_RING = 64
_WORD = 8


class Board:
    """Newest versions by writer, and the moments of the last commits by key.

    Each word has one writer at a time, so that nobody waits for a lock: a writer has a column of
    newest versions of its own, and a version belongs to the one transaction that wrote it. Moments
    are `time.monotonic_ns()`, which all processes of a machine share.

    Args:
        file: Made by `create`.
        keys: How many keys there are.
        writers: How many writers there are.
    """

    def __init__(self, file: Path, keys: int, writers: int) -> None:
        with file.open("r+b") as opened:
            self._words = memoryview(mmap.mmap(opened.fileno(), 0)).cast("Q")
        self._keys = keys
        self.columns = [self._words[n * keys : (n + 1) * keys] for n in range(writers)]
        self._moments = self._words[writers * keys :]

    @staticmethod
    def create(file: Path, keys: int, writers: int) -> None:
        """Make an empty board."""
        file.write_bytes(bytes(_WORD * keys * (writers + 2 * _RING)))

    def note(self, writer: int, key: int, version: int, moment: int) -> None:
        """Note that a version was committed before this moment."""
        slot = self._slot(key, version)
        self._moments[slot + 1] = moment
        self._moments[slot] = version
        self.columns[writer][key] = max(version, self.columns[writer][key])

    def newest(self, key: int) -> int:
        """Return the newest version of a key that was noted; 0 where none was."""
        return max(column[key] for column in self.columns)

    def outdated_since(self, key: int, version: int) -> int | None:
        """Return the earliest known moment at which a newer version was committed."""
        newest = self.newest(key)
        newer = range(max(version + 1, newest - _RING + 1), newest + 1)
        moments = (self.moment(key, each) for each in newer)
        return min((moment for moment in moments if moment is not None), default=None)

    def moment(self, key: int, version: int) -> int | None:
        """Return when a version was committed; None where that is not known, or no more."""
        slot = self._slot(key, version)
        return self._moments[slot + 1] if self._moments[slot] == version else None

    def _slot(self, key: int, version: int) -> int:
        return 2 * (key * _RING + version % _RING)
