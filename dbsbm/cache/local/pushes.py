"""What has changed since a question was asked: closes the gap between an answer and its use."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Final

SLOTS: Final = 1 << 16


class PushLog:
    """Remembers, in half a megabyte, when each name was last invalidated.

    Names share `SLOTS` slots by their hash. Two that meet in one slot can make a fresh value look
    outdated, which costs a read of the server; an outdated one never looks fresh, and nothing
    ever overflows. Not thread-safe: its owner holds a lock.

    Attributes:
        sequence: Grows with every change. Any thread may read it.
    """

    __slots__ = ("_floor", "_latest", "sequence")

    def __init__(self) -> None:
        self.sequence = 0
        self._floor = 0
        self._latest = array("Q", bytes(8 * SLOTS))

    def note(self, name: str) -> None:
        """Remember that a name was invalidated now."""
        self.sequence += 1
        self._latest[hash(name) % SLOTS] = self.sequence

    def note_all(self) -> None:
        """Remember that every name was invalidated now."""
        self.sequence += 1
        self._floor = self.sequence

    def changed(self, names: Iterable[str], since: int) -> bool:
        """Tell whether any of the names may have been invalidated after `sequence` was `since`."""
        latest = self._latest
        return since < self._floor or any(latest[hash(name) % SLOTS] > since for name in names)
