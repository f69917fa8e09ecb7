"""Text that members write: notes, and names as they appear on a slip."""

from __future__ import annotations

import unicodedata
from typing import Final

from dbsbm.errors import UserError

MAX_NOTE: Final = 500
MAX_NAME: Final = 32
MAX_MARKS: Final = 3
"""Combining characters kept on one letter: pointed Hebrew has three; towers of them have dozens."""

_NON_JOINER, _JOINER = "\u200c", "\u200d"
_BLACK_FLAG = "\N{WAVING BLACK FLAG}"
# Letters and symbols that are drawn as nothing, used to fake an empty name.
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def clean_note(text: str | None) -> str | None:
    """Return a note without characters that hide or reorder text; None for an empty one.

    Raises:
        UserError: The note has more than 500 characters.
    """
    cleaned = "\n".join(_visible_line(line) for line in (text or "").splitlines()).strip()
    if len(cleaned) > MAX_NOTE:
        raise UserError(
            f"That note has {len(cleaned):,} characters and {MAX_NOTE} fit; please shorten it."
        )
    return cleaned or None


def clean_name(name: str, fallback: str = "Member") -> str:
    """Return a display name that is safe to draw: one line, nothing hidden, nothing stacked.

    Letters of every script and emoji stay, with their joiners, flags and skin tones. Control
    characters, direction overrides and combining marks beyond three on a letter go.

    Args:
        name: What Discord calls the member.
        fallback: The name of a member whose name has nothing that can be seen.
    """
    line = _visible_line(" ".join(name.split()))
    shortened = _without_loose_end(line[:MAX_NAME].rstrip())
    return shortened if any(map(_has_ink, shortened)) else fallback


def _visible_line(line: str) -> str:
    kept: list[str] = []
    marks = 0
    for char in unicodedata.normalize("NFC", line):
        if not _is_allowed(char, kept[-1] if kept else " "):
            continue
        marks = marks + 1 if _is_mark(char) else 0 if _has_ink(char) else marks
        if marks <= MAX_MARKS:
            kept.append(" " if char in _BLANKS else char)
    # What was removed may have kept a letter and its mark apart.
    return " ".join(unicodedata.normalize("NFC", "".join(kept)).split())


def _is_allowed(char: str, before: str) -> bool:
    if char in {_NON_JOINER, _JOINER}:
        return _has_ink(before) or _is_mark(before)
    if _is_tag(char):  # the letters of a region's flag, which follow the black flag
        return before == _BLACK_FLAG or _is_tag(before)
    return char == "\t" or unicodedata.category(char) not in {"Cc", "Cf", "Co", "Cs"}


def _is_mark(char: str) -> bool:
    return unicodedata.category(char) in {"Mn", "Me"}


def _is_tag(char: str) -> bool:
    return "\U000e0020" <= char <= "\U000e007f"


def _has_ink(char: str) -> bool:
    return char not in _BLANKS and unicodedata.category(char)[0] not in "CMZ"


def _without_loose_end(text: str) -> str:
    """Drop a joiner that was cut off from what it joins."""
    return text.rstrip(_NON_JOINER + _JOINER).rstrip()
