"""Rebuild the font files beside this module from unpacked Debian packages.

    apt-get download fonts-inter fonts-noto-core fonts-noto-extra fonts-noto-cjk \
        fonts-noto-color-emoji
    for deb in *.deb; do dpkg -x "$deb" "unpacked/${deb%%_*}"; done
    python -m dbsbm.slips.fonts.build unpacked

Every file is an unmodified copy except the CJK one, which is cut down to the characters of the
everyday national standards (see `common_cjk`): the whole font is 20 MB.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

HERE = Path(__file__).parent
NOTO = "usr/share/fonts/truetype/noto"

SEMIBOLD = (
    "NotoSans",
    "NotoSansArabic",
    "NotoSansArmenian",
    "NotoSansBengali",
    "NotoSansCanadianAboriginal",
    "NotoSansCherokee",
    "NotoSansDevanagari",
    "NotoSansEthiopic",
    "NotoSansGeorgian",
    "NotoSansGujarati",
    "NotoSansGurmukhi",
    "NotoSansHebrew",
    "NotoSansKannada",
    "NotoSansKhmer",
    "NotoSansLao",
    "NotoSansLisu",
    "NotoSansMalayalam",
    "NotoSansMyanmar",
    "NotoSansOlChiki",
    "NotoSansSinhala",
    "NotoSansSymbols",
    "NotoSansTamil",
    "NotoSansTelugu",
    "NotoSansThaana",
    "NotoSansThai",
)

# The scripts whose fonts have no semi-bold weight.
OTHER_WEIGHTS = (
    "NotoSansAdlam-Bold",
    "NotoSansCoptic-Regular",
    "NotoSansEgyptianHieroglyphs-Regular",
    "NotoSansJavanese-Bold",
    "NotoSansMath-Regular",
    "NotoSansMongolian-Regular",
    "NotoSansNKo-Regular",
    "NotoSansOriya-Bold",
    "NotoSansRunic-Regular",
    "NotoSansSymbols2-Regular",
    "NotoSansSyriac-Regular",
    "NotoSansTifinagh-Regular",
    "NotoSerifTibetan-Bold",
)

COPIES = (
    *(
        f"fonts-inter/usr/share/fonts/opentype/inter/{name}.otf"
        for name in ("Inter-Medium", "Inter-SemiBold", "Inter-Bold")
    ),
    *(f"fonts-noto-extra/{NOTO}/{name}-SemiBold.ttf" for name in SEMIBOLD),
    *(f"fonts-noto-core/{NOTO}/{name}.ttf" for name in OTHER_WEIGHTS),
    f"fonts-noto-color-emoji/{NOTO}/NotoColorEmoji.ttf",
)

CJK_SOURCE = "fonts-noto-cjk/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc"
CJK_TARGET = "NotoSansCJK-Bold-subset.otf"
# In the collection the first face is the Japanese one; it has every region's characters.
CJK_JAPANESE_FACE = 0

# GB 2312, Big5, JIS X 0208 and KS X 1001, by the codecs of the standard library.
NATIONAL_STANDARDS = ("gb2312", "big5", "shift_jis", "euc_kr")
WHOLE_BLOCKS = (
    range(0x3000, 0x3130),  # CJK punctuation, kana, bopomofo
    range(0x31F0, 0x3200),  # small kana for Ainu
    range(0xAC00, 0xD7A4),  # every Hangul syllable
    range(0xFF00, 0xFFF0),  # full-width and half-width forms
)
# Ideographs that nobody reads: members spell Latin display names with them.
LATIN_LOOKALIKES = "丂丨乂乃乇乙几匚千卂卄卩尺山爪"


def common_cjk() -> set[int]:
    """Return the code points of the standards, the whole blocks and the look-alikes."""
    beyond_ascii = (chr(code) for code in range(0x80, 0x10000) if not 0xD800 <= code < 0xE000)
    wanted = {ord(char) for char in beyond_ascii if _in_a_standard(char)}
    return wanted.union(*WHOLE_BLOCKS, map(ord, LATIN_LOOKALIKES))


def build(unpacked: Path) -> None:
    """Write every font and licence text into this directory.

    Args:
        unpacked: Directory with one sub-directory for each Debian package, by its name.
    """
    for source in COPIES:
        shutil.copyfile(unpacked / source, HERE / Path(source).name)
    _subset_cjk(unpacked / CJK_SOURCE, HERE / CJK_TARGET)
    for package in sorted({source.split("/")[0] for source in (*COPIES, CJK_SOURCE)}):
        licence = unpacked / package / "usr/share/doc" / package / "copyright"
        shutil.copyfile(licence, HERE / "licenses" / f"{package}.txt")


def _in_a_standard(char: str) -> bool:
    return any(_encodable(char, codec) for codec in NATIONAL_STANDARDS)


def _encodable(char: str, codec: str) -> bool:
    try:
        char.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def _subset_cjk(source: Path, target: Path) -> None:
    options = subset.Options()
    options.hinting = False  # drawn at sizes where hints change nothing
    options.layout_features = ["ccmp"]  # the others are for vertical or old Hangul text
    options.name_IDs = ["*"]  # the copyright and the licence stay inside the file
    # The same input gives the same bytes.
    font = TTFont(source, fontNumber=CJK_JAPANESE_FACE, recalcTimestamp=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=common_cjk())
    subsetter.subset(font)
    font.save(target)


def main() -> None:
    """Read the command line and build."""
    parser = argparse.ArgumentParser(description="Rebuild the fonts from Debian packages.")
    parser.add_argument("unpacked", type=Path, help="directory of the unpacked packages")
    build(parser.parse_args().unpacked)


if __name__ == "__main__":
    main()
