"""Cleaning names that members typed, and cutting text where a reader would.

The segmentation follows Unicode Annex 29 (extended grapheme clusters) as far as names need it:
the standard library has no break properties, so the classes are derived from general categories.
"""

from __future__ import annotations

import unicodedata

ZWNJ, ZWJ = "\u200c", "\u200d"
TEXT_STYLE, EMOJI_STYLE = "\ufe0e", "\ufe0f"
JOINERS = frozenset((ZWNJ, ZWJ, TEXT_STYLE, EMOJI_STYLE))
REPLACEMENT = "\ufffd"
ELLIPSIS = "…"

# Discord lets a display name be 32 characters and a provider's team name has no limit. Past this
# many clusters nothing could ever be shown, so nothing more is measured.
MAX_CLUSTERS = 160
_MAX_INPUT = 4096  # characters read at all
_MAX_CLUSTER = 24  # characters joined into one; a family with skin tones takes eleven

# Letters to Unicode, nothing to the eye: members use them to look nameless.
_BLANK_LETTERS = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")

_MARK_LIMIT = 3
# Tibetan, Burmese, Khmer and Javanese words stack more marks on one letter than other scripts do.
_STACKING_BLOCKS = (range(0x0F00, 0x10A0), range(0x1780, 0x1800), range(0xA980, 0xA9E0))
_STACKING_MARK_LIMIT = 6

_SKIN_TONES = range(0x1F3FB, 0x1F400)
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)
_TAGS = range(0xE0020, 0xE0080)
_VIRAMA_CLASS = 9


def clean(text: str) -> str:
    """Return one safe line of text that looks like the given one.

    Composes characters (NFC), turns every run of blanks into one space, removes control and
    direction-override characters, and caps the marks stacked on a letter, so that a name can
    neither reorder nor paint over what is drawn around it. Code points that mean nothing
    (lone surrogates, private use) become U+FFFD.
    """
    if text.isascii() and text.isprintable():
        return _shortened(list(" ".join(text.split())))
    shown = "".join(_shown(char) for char in text[:_MAX_INPUT])
    words = " ".join(unicodedata.normalize("NFC", shown).split())
    capped = "".join(_capped(cluster) for cluster in clusters(words))
    return _shortened(clusters(" ".join(capped.split())))


def clusters(text: str) -> list[str]:
    """Split text into user-perceived characters; joining them gives the text back."""
    found: list[str] = []
    for char in text:
        if found and _extends(found[-1], char):
            found[-1] += char
        else:
            found.append(char)
    return found


def is_flag(cluster: str) -> bool:
    """Tell whether the cluster is a pair of regional indicators."""
    return len(cluster) == 2 and all(ord(char) in _FLAG_LETTERS for char in cluster)


def _shortened(parts: list[str]) -> str:
    if len(parts) <= MAX_CLUSTERS:
        return "".join(parts)
    return "".join(parts[: MAX_CLUSTERS - 1]).rstrip() + ELLIPSIS


def _shown(char: str) -> str:
    if char.isspace() or char in _BLANK_LETTERS:
        return " "
    if char in JOINERS or ord(char) in _TAGS:
        return char
    category = unicodedata.category(char)
    if category in {"Cs", "Co"}:
        return REPLACEMENT
    return "" if category in {"Cc", "Cf"} or _is_unseen_mark(char) else char


def _is_unseen_mark(char: str) -> bool:
    code = ord(char)
    return code == 0x034F or 0xFE00 <= code < 0xFE0E or 0xE0100 <= code < 0xE01F0


def _extends(cluster: str, char: str) -> bool:
    last = cluster[-1]
    if len(cluster) >= _MAX_CLUSTER:
        return False
    if char in JOINERS or ord(char) in _SKIN_TONES or ord(char) in _TAGS:
        return True
    if _is_mark(char):
        return True
    if last == ZWJ and _is_pictograph(char):
        return True
    if ord(char) in _FLAG_LETTERS:
        return len(cluster) == 1 and ord(cluster) in _FLAG_LETTERS
    return _makes_conjunct(cluster, char)


def _makes_conjunct(cluster: str, char: str) -> bool:
    """A virama ties the letter before it to the letter after it."""
    before = cluster.rstrip(ZWJ)
    tied = bool(before) and unicodedata.combining(before[-1]) == _VIRAMA_CLASS
    return tied and unicodedata.category(char) == "Lo"


def _is_mark(char: str) -> bool:
    return unicodedata.category(char).startswith("M")


def _is_pictograph(char: str) -> bool:
    # Emoji newer than the interpreter's Unicode tables are still unassigned there.
    return unicodedata.category(char) == "So" or ord(char) >= 0x1F000


def _capped(cluster: str) -> str:
    """Drop repeated marks, marks beyond the limit, and marks with no letter under them."""
    kept: list[str] = []
    marks: list[str] = []
    for char in cluster:
        if not _is_mark(char) or char in JOINERS:
            marks.clear()
        elif not kept or kept[-1] == " " or char in marks or len(marks) >= _mark_limit(char):
            continue
        else:
            marks.append(char)
        kept.append(char)
    return "".join(kept)


def _mark_limit(mark: str) -> int:
    stacks = any(ord(mark) in block for block in _STACKING_BLOCKS)
    return _STACKING_MARK_LIMIT if stacks else _MARK_LIMIT
