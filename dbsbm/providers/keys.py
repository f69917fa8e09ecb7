"""Our own name for a game: providers share neither ids nor spellings."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from hashlib import blake2s

# Letters that Unicode does not decompose, as English-language feeds write them.
_UNDECOMPOSED = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\u0131": "i"}
)
_COMBINING_DIACRITICS = range(0x0300, 0x0370)


def fold_name(name: str) -> str:
    """Return a team's name without case, accents, punctuation and extra spaces.

    "FC Bodø/Glimt" and "fc bodo glimt" fold alike; scripts other than Latin keep their letters.
    """
    # Twice, because decomposing brings out letters that still have a case.
    caseless = unicodedata.normalize("NFKD", name).casefold()
    decomposed = unicodedata.normalize("NFKD", caseless)
    bare = "".join(c for c in decomposed if ord(c) not in _COMBINING_DIACRITICS)
    composed = unicodedata.normalize("NFC", bare).translate(_UNDECOMPOSED)
    # Marks (vowel signs of Indic and Arabic scripts) are parts of letters, not punctuation.
    kept = (c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in composed)
    return " ".join("".join(kept).split()) or name.strip()


def game_key(league: str, starts_at: datetime, home: str, away: str) -> str:
    """Return the key of a game: at most 60 ASCII characters for league keys of up to 30.

    The start is part of it, to the minute, because the two games of a double header share teams and
    day. A postponed game therefore gets another key: whoever stores games finds the old row by
    provider and provider's id, and keeps the key that bets already point to.

    Args:
        league: Our league key.
        starts_at: Scheduled start, aware.
        home: Name of the home team, in any spelling that folds alike.
        away: Name of the visiting team.

    Raises:
        ValueError: `starts_at` has no time zone.
    """
    if starts_at.tzinfo is None:
        raise ValueError("a game's start must carry its time zone")
    teams = f"{fold_name(home)}\n{fold_name(away)}".encode()
    digest = blake2s(teams, digest_size=6).hexdigest()
    return f"{league}-{starts_at.astimezone(UTC):%Y%m%dT%H%MZ}-{digest}"
