"""Which font file draws which characters. Files are opened on first use, once per process."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path

from fontTools.ttLib import TTFont
from PIL import ImageFont

from dbsbm.slips.graphemes import EMOJI_STYLE, JOINERS, REPLACEMENT, TEXT_STYLE, is_flag

FONT_DIRECTORY = Path(__file__).with_name("fonts")

EMOJI = "NotoColorEmoji.ttf"
# The emoji font is a set of bitmaps, and this is the only size at which FreeType opens it.
EMOJI_SIZE = 109


class Weight(StrEnum):
    """The text face, and with it the weight, that a text is first tried in."""

    MEDIUM = "Inter-Medium.otf"
    SEMIBOLD = "Inter-SemiBold.otf"
    BOLD = "Inter-Bold.otf"


# First come, first served. Script fonts also hold some punctuation, so the everyday ones lead;
# CJK comes after the symbols because its symbols are as wide as an ideograph.
FALLBACKS = (
    "NotoSans-SemiBold.ttf",
    "NotoSansArabic-SemiBold.ttf",
    "NotoSansHebrew-SemiBold.ttf",
    "NotoSansDevanagari-SemiBold.ttf",
    "NotoSansThai-SemiBold.ttf",
    "NotoSansArmenian-SemiBold.ttf",
    "NotoSansBengali-SemiBold.ttf",
    "NotoSansEthiopic-SemiBold.ttf",
    "NotoSansGeorgian-SemiBold.ttf",
    "NotoSansGujarati-SemiBold.ttf",
    "NotoSansGurmukhi-SemiBold.ttf",
    "NotoSansKannada-SemiBold.ttf",
    "NotoSansKhmer-SemiBold.ttf",
    "NotoSansLao-SemiBold.ttf",
    "NotoSansMalayalam-SemiBold.ttf",
    "NotoSansMyanmar-SemiBold.ttf",
    "NotoSansOriya-Bold.ttf",
    "NotoSansSinhala-SemiBold.ttf",
    "NotoSansTamil-SemiBold.ttf",
    "NotoSansTelugu-SemiBold.ttf",
    "NotoSansThaana-SemiBold.ttf",
    "NotoSerifTibetan-Bold.ttf",
    "NotoSansMongolian-Regular.ttf",
    "NotoSansAdlam-Bold.ttf",
    "NotoSansNKo-Regular.ttf",
    "NotoSansTifinagh-Regular.ttf",
    "NotoSansSyriac-Regular.ttf",
    "NotoSansOlChiki-SemiBold.ttf",
    "NotoSansLisu-SemiBold.ttf",
    "NotoSansJavanese-Bold.ttf",
    "NotoSansCherokee-SemiBold.ttf",
    "NotoSansCanadianAboriginal-SemiBold.ttf",
    "NotoSansSymbols-SemiBold.ttf",
    "NotoSansSymbols2-Regular.ttf",
    "NotoSansMath-Regular.ttf",
    "NotoSansCJK-Bold-subset.otf",
    "NotoSansRunic-Regular.ttf",
    "NotoSansCoptic-Regular.ttf",
    "NotoSansEgyptianHieroglyphs-Regular.ttf",
    EMOJI,
)

# Basic Multilingual Plane characters that are emoji unless told otherwise (Emoji_Presentation in
# the Unicode emoji data). Above the plane every character of the emoji font is taken as one.
_EMOJI_BY_DEFAULT = re.compile(
    "["
    "\u231a-\u231b\u23e9-\u23ec\u23f0\u23f3\u25fd-\u25fe\u2614-\u2615\u2648-\u2653\u267f\u2693"
    "\u26a1\u26aa-\u26ab\u26bd-\u26be\u26c4-\u26c5\u26ce\u26d4\u26ea\u26f2-\u26f3\u26f5\u26fa"
    "\u26fd\u2705\u270a-\u270b\u2728\u274c\u274e\u2753-\u2755\u2757\u2795-\u2797\u27b0\u27bf"
    "\u2b1b-\u2b1c\u2b50\u2b55"
    "]"
)
_KEYCAP = "\u20e3"


@cache
def coverage(file: str) -> frozenset[int]:
    """Return the code points the font file has glyphs for."""
    with TTFont(FONT_DIRECTORY / file, lazy=True) as font:
        return frozenset(font.getBestCmap())


@lru_cache(maxsize=256)
def load(file: str, size: int) -> ImageFont.FreeTypeFont:
    """Return the font at a size in pixels, shaped by HarfBuzz."""
    path = str(FONT_DIRECTORY / file)
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.RAQM)


@lru_cache(maxsize=8192)
def face_for(cluster: str, weight: Weight) -> str | None:
    """Return the font file that draws a whole cluster, or None where none does.

    A letter with a mark goes to one font, for the mark has to find its place on the letter.
    """
    if cluster == REPLACEMENT:
        return None
    chain = (EMOJI, weight, *FALLBACKS) if _is_emoji(cluster) else (weight, *FALLBACKS)
    needed = {ord(char) for char in cluster if char not in JOINERS}
    return next((str(file) for file in chain if _covers(file, needed)), None)


def drawable(cluster: str, weight: Weight) -> str:
    """Return the cluster without the marks for which no font has its letter and them."""
    if face_for(cluster, weight) is not None:
        return cluster
    bare = "".join(char for char in cluster if not unicodedata.category(char).startswith("M"))
    return bare if bare and face_for(bare, weight) is not None else REPLACEMENT


def has_space(file: str | None) -> bool:
    """Tell whether a font sets spaces; the subset CJK font and the emoji font do not."""
    return file not in (None, EMOJI) and ord(" ") in coverage(str(file))


def _covers(file: str, needed: set[int]) -> bool:
    return needed <= coverage(file)


def _is_emoji(cluster: str) -> bool:
    if TEXT_STYLE in cluster:
        return False
    first = cluster[0]
    return (
        EMOJI_STYLE in cluster
        or _KEYCAP in cluster
        or is_flag(cluster)
        or _EMOJI_BY_DEFAULT.match(first) is not None
        or ord(first) >= 0x1F000
    )
