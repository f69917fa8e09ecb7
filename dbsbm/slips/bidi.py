"""The Unicode bidirectional algorithm (Annex 9) for one line without embeddings.

Drawing falls back from font to font, and a shaping library reorders only inside one font, so the
order of the pieces has to be known before. Explicit embeddings, overrides and isolates never
reach this module: `graphemes.clean` removes them. What is left is rules P2 to P3, W1 to W7,
N0 to N2, I1 to I2 and L1 to L2.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import groupby
from typing import TypeVar

T = TypeVar("T")

# Bidi_Paired_Bracket of the brackets that occur in names.
_OPENING = "([{\u2308\u230a\u27e6\u27e8\u3008\u300a\u300c\u300e\u3010\uff08\uff3b\uff5b\uff62"
_CLOSING = ")]}\u2309\u230b\u27e7\u27e9\u3009\u300b\u300d\u300f\u3011\uff09\uff3d\uff5d\uff63"
_CLOSES = dict(zip(_OPENING, _CLOSING, strict=True))
_MAX_OPEN_BRACKETS = 63  # the depth at which rule BD16 gives up

_STRONG_SIDE = {"L": "L", "R": "R", "EN": "R", "AN": "R"}  # rule N1 reads numbers as R
_NEUTRAL = frozenset(("B", "S", "WS", "ON"))


def base_level(text: str) -> int:
    """Return 1 if the first strong character reads right to left, else 0 (rules P2, P3)."""
    for char in text:
        kind = unicodedata.bidirectional(char)
        if kind in {"L", "R", "AL"}:
            return 0 if kind == "L" else 1
    return 0


def levels(text: str, base: int) -> list[int]:
    """Return the embedding level of every code point: odd levels read right to left.

    Args:
        text: One line of cleaned text.
        base: Level of the paragraph, 0 or 1.
    """
    side = "R" if base else "L"
    kinds = [_kind(char) for char in text]
    _resolve_weak(kinds, side)
    _resolve_brackets(text, kinds, side)
    _resolve_neutral(kinds, side)
    found = [_implicit(kind, base) for kind in kinds]
    for index in range(len(text.rstrip()), len(text)):
        found[index] = base
    return found


def visual_order(items: Sequence[T], item_levels: Sequence[int]) -> list[T]:
    """Return the items of a line from left to right (rule L2)."""
    ordered = list(zip(item_levels, items, strict=True))
    for level in range(max(item_levels, default=0), 0, -1):
        ordered = _reversed_from(level, ordered)
    return [item for _, item in ordered]


def _reversed_from(level: int, ordered: list[tuple[int, T]]) -> list[tuple[int, T]]:
    """Turn around every stretch of items at the level or above."""
    turned: list[tuple[int, T]] = []
    for reaches, group in groupby(ordered, lambda pair: pair[0] >= level):
        stretch = list(group)
        turned.extend(reversed(stretch) if reaches else stretch)
    return turned


def _kind(char: str) -> str:
    # Emoji newer than the interpreter's Unicode tables have no class there; all emoji are ON.
    return unicodedata.bidirectional(char) or ("ON" if ord(char) >= 0x1F000 else "L")


def _resolve_weak(kinds: list[str], side: str) -> None:
    _attach_marks(kinds, side)
    _resolve_numbers(kinds, side)
    _join_separators(kinds)
    _join_terminators(kinds)
    _settle_latin_numbers(kinds, side)


def _attach_marks(kinds: list[str], side: str) -> None:
    """Rule W1; joiners (BN) take the class of what they follow, as marks do."""
    last = side
    for index, kind in enumerate(kinds):
        last = kinds[index] = last if kind in {"NSM", "BN"} else kind


def _resolve_numbers(kinds: list[str], side: str) -> None:
    """Rules W2 and W3: European digits after an Arabic letter are Arabic ones."""
    strong = side
    for index, kind in enumerate(kinds):
        if kind in {"L", "R", "AL"}:
            strong = kind
        if kind == "AL":
            kinds[index] = "R"
        elif kind == "EN" and strong == "AL":
            kinds[index] = "AN"


def _join_separators(kinds: list[str]) -> None:
    """Rule W4: a single separator between two numbers of one kind belongs to them."""
    for index in range(1, len(kinds) - 1):
        before, kind, after = kinds[index - 1 : index + 2]
        joins = {"EN"} if kind == "ES" else {"EN", "AN"} if kind == "CS" else set()
        if before == after and before in joins:
            kinds[index] = before


def _join_terminators(kinds: list[str]) -> None:
    """Rules W5 and W6: a sign such as % belongs to the number it touches."""
    start = 0
    for kind, group in groupby(kinds[:]):
        end = start + len(list(group))
        if kind == "ET":
            touches = "EN" in (*kinds[start - 1 : start], *kinds[end : end + 1])
            kinds[start:end] = ["EN" if touches else "ON"] * (end - start)
        elif kind in {"ES", "CS"}:
            kinds[start:end] = ["ON"] * (end - start)
        start = end


def _settle_latin_numbers(kinds: list[str], side: str) -> None:
    """Rule W7: European digits in left-to-right text read as part of it."""
    strong = side
    for index, kind in enumerate(kinds):
        if kind in {"L", "R"}:
            strong = kind
        elif kind == "EN" and strong == "L":
            kinds[index] = "L"


def _resolve_brackets(text: str, kinds: list[str], side: str) -> None:
    """Rule N0: both brackets of a pair take one side."""
    for start, end in _bracket_pairs(text, kinds):
        inside = {_STRONG_SIDE[kind] for kind in kinds[start + 1 : end] if kind in _STRONG_SIDE}
        if not inside:
            continue
        before = _strong_before(kinds, start, side)
        # Text of the other side alone wins only where the context before is of that side too.
        taken = side if side in inside or before == side else before
        for index in (start, end):
            _set_with_marks(text, kinds, index, taken)


def _bracket_pairs(text: str, kinds: list[str]) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    waiting: list[tuple[str, int]] = []
    for index, char in enumerate(text):
        if kinds[index] != "ON":
            continue
        if char in _CLOSES:
            if len(waiting) == _MAX_OPEN_BRACKETS:
                return []
            waiting.append((_CLOSES[char], index))
        else:
            _close(waiting, char, index, pairs)
    return sorted(pairs)


def _close(
    waiting: list[tuple[str, int]], char: str, index: int, pairs: list[tuple[int, int]]
) -> None:
    for depth in range(len(waiting) - 1, -1, -1):
        closer, start = waiting[depth]
        if closer == char:
            pairs.append((start, index))
            del waiting[depth:]
            return


def _set_with_marks(text: str, kinds: list[str], index: int, taken: str) -> None:
    kinds[index] = taken
    for after in range(index + 1, len(text)):
        if unicodedata.bidirectional(text[after]) not in {"NSM", "BN"}:
            return
        kinds[after] = taken


def _strong_before(kinds: list[str], index: int, side: str) -> str:
    strong = (_STRONG_SIDE[kind] for kind in reversed(kinds[:index]) if kind in _STRONG_SIDE)
    return next(strong, side)


def _resolve_neutral(kinds: list[str], side: str) -> None:
    """Rules N1 and N2: neutrals between two texts of one side join it, others the paragraph."""
    start = 0
    for neutral, group in groupby(kinds[:], lambda kind: kind in _NEUTRAL):
        end = start + len(list(group))
        if neutral:
            before = _STRONG_SIDE[kinds[start - 1]] if start else side
            after = _STRONG_SIDE[kinds[end]] if end < len(kinds) else side
            kinds[start:end] = [before if before == after else side] * (end - start)
        start = end


def _implicit(kind: str, base: int) -> int:
    """Rules I1 and I2."""
    if base % 2:
        return base if kind == "R" else base + 1
    return base + {"L": 0, "R": 1}.get(kind, 2)
