"""Slips and names that the tests of this room share."""

# ruff: noqa: RUF001 - letters that look like other letters are what these names are about

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from PIL import Image

from dbsbm.slips.model import StraightSlip, Team

HOME = Team("Northbridge Rovers", "NBR", "#7A1FA2", "#FFC72C")
AWAY = Team("Southport City", "SPC", "#0B5D3B", "#FFFFFF")

SLIP = StraightSlip(
    bet_id=1042,
    league="Northern League",
    sport="soccer",
    home=HOME,
    away=AWAY,
    pick="home",
    market="spread",
    line=Decimal("-0.25"),
    odds_american=-108,
    odds_decimal=Decimal("1.9259"),
    risk=Decimal("1.5"),
    to_win=Decimal("1.3889"),
    capper_name="Ace",
    capper_avatar=None,
    status="open",
    starts_at=datetime(2026, 10, 24, 19, 30, tzinfo=UTC),
    placed_at=datetime(2026, 10, 24, 14, 2, tzinfo=UTC),
    note=None,
    sandbox=False,
    odds_format="american",
)

# A name in every script the fonts are shipped for, by the script.
NAMES = {
    "adlam": "𞤊𞤵𞤤𞤢𞤪",
    "amharic": "ቅዱስ ጊዮርጊስ",
    "arabic": "الهلال السعودي",
    "armenian": "Փյունիկ",
    "bengali": "মোহনবাগান",
    "burmese": "ရန်ကုန်ယူနိုက်တက်",
    "canadian syllabics": "ᐃᓄᒃᑎᑐᑦ",
    "cherokee": "ᏣᎳᎩ",
    "chinese, simplified": "上海海港足球俱乐部",
    "chinese, traditional": "臺北熊讚體育會",
    "coptic": "ⲣⲉⲙⲛⲭⲏⲙⲓ",
    "cyrillic": "Шахтёр Донецьк",
    "devanagari": "मुंबई क्षत्रिय",
    "dhivehi": "މާޒިޔާ",
    "emoji": "🔥⚽🩷",
    "emoji, family": "👨‍👩‍👧‍👦",
    "emoji, flag": "🇧🇷",
    "emoji, keycap": "1️⃣",
    "emoji, nation": "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "emoji, skin tone": "👍🏽",
    "fraktur": "𝕱𝖆𝖓𝖈𝖞",
    "full width": "Ｄｒａｇｏｎ",
    "georgian": "დინამო თბილისი",
    "greek": "Παναθηναϊκός",
    "gujarati": "ગુજરાત ટાઇટન્સ",
    "gurmukhi": "ਪੰਜਾਬ ਕਿੰਗਜ਼",
    "hebrew": "מכבי תל אביב",
    "hieroglyphs": "𓆩𓆪",
    "ipa": "ɹɪˈʃaʊ̯",
    "japanese": "横浜F・マリノス",
    "javanese": "꧁ꦗꦮ꧂",
    "kannada": "ಬೆಂಗಳೂರು",
    "khmer": "ភ្នំពេញក្រោន",
    "korean": "전북 현대 모터스",
    "lao": "ລາວໂຕໂຍຕ້າ",
    "latin": "Mönchengladbach Đoković Łódź",
    "lisu": "ꓡꓲ‐ꓢꓴ",
    "malayalam": "കേരള ബ്ലാസ്റ്റേഴ്സ്",
    "mongolian": "ᠮᠣᠩᠭᠣᠯ",
    "nko": "ߒߞߏ",
    "odia": "ଓଡ଼ିଶା",
    "ol chiki": "ᱥᱟᱱᱛᱟᱲᱤ",
    "runes": "ᚠᚢᚦᚨᚱᚲ",
    "sinhala": "කොළඹ",
    "symbols": "♛ ✦ → ★ ⓐ",
    "syriac": "ܐܪܡܝܐ",
    "tamil": "சென்னை சூப்பர் கிங்ஸ்",
    "telugu": "హైదరాబాద్",
    "thai": "บุรีรัมย์ ยูไนเต็ด",
    "tibetan": "༺བོད༻",
    "tifinagh": "ⵜⵉⴼⵉⵏⴰⵖ",
    "vietnamese": "Hà Nội ường",
}

ZALGO = "Z" + "".join(map(chr, range(0x300, 0x330))) + "o" + "\u0e47" * 30

# Any code point at all, lone surrogates too, and often the ones that make text difficult.
any_text = st.text(
    st.one_of(
        st.characters(codec=None),
        st.sampled_from("W i.-(\u0301\u200d\u202e\ufe0f\U0001f468\U0001f1e7\u05d0\u0645\u0e47漢1"),
    ),
    max_size=120,
) | st.sampled_from([*NAMES.values(), ZALGO])

# The time of an example is not what a property is about.
patient = settings(deadline=None, max_examples=80)


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python at the project's root, with another hash seed, time zone and locale."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=Path(__file__).parents[3],
        env={**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def picture(size: tuple[int, int] = (64, 64), format_name: str = "PNG") -> bytes:
    """A solid red picture as a file."""
    file = BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(file, format_name)
    return file.getvalue()


def opened(png: bytes) -> Image.Image:
    """The picture in a file, as RGB."""
    with Image.open(BytesIO(png)) as image:
        return image.convert("RGB")
