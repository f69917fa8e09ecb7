"""Cutting text to what Discord takes, between characters as readers see them."""

from __future__ import annotations

from dbsbm.slips.graphemes import ELLIPSIS, clusters


def length(text: str) -> int:
    """How long Discord may find a text: in UTF-16 units, the strictest count there is."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def clip(text: str, longest: int) -> str:
    """The text, cut with an ellipsis where it is longer than `longest`; 0 leaves nothing."""
    if length(text) <= longest:
        return text
    kept: list[str] = []
    room = longest - length(ELLIPSIS)
    for cluster in clusters(text[:longest]):
        room -= length(cluster)
        if room < 0:
            break
        kept.append(cluster)
    return "".join(kept).rstrip() + ELLIPSIS if longest > 0 else ""


class Room:
    """What is left of the characters that all parts of an embed share."""

    def __init__(self, characters: int) -> None:
        self._left = characters

    def take(self, text: str, longest: int) -> str:
        """Cut a part to its own limit and to what is left, and use that up."""
        taken = clip(text, min(longest, self._left))
        self._left -= length(taken)
        return taken

    def has(self, characters: int) -> bool:
        """Whether so many are left."""
        return self._left >= characters
