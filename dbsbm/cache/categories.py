"""The one table of what is cached: how long it lives, how large it may be, how it is written."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Final, Literal, Self

Codec = Literal["json", "bytes"]

_KIB: Final = 1024
_MIB: Final = 1024 * _KIB


class Category(StrEnum):
    """A kind of cached value.

    Attributes:
        ttl: How long a value may live. A caller may ask for less, never for more.
        max_bytes: Largest encoded value. A larger one is not stored: it would push out many
            others, and hold up the server's one thread while it is sent.
        codec: `json` for data, `bytes` for what is bytes already.
    """

    ttl: timedelta
    max_bytes: int
    codec: Codec

    def __new__(cls, label: str, ttl: timedelta, max_bytes: int, codec: Codec) -> Self:
        """Make a member of a row of the table."""
        member = str.__new__(cls, label)
        member._value_ = label
        member.ttl = ttl
        member.max_bytes = max_bytes
        member.codec = codec
        return member

    API_RESPONSE = "api_response", timedelta(minutes=5), 2 * _MIB, "json"
    DB_QUERY = "db_query", timedelta(minutes=10), 512 * _KIB, "json"
    USER_DATA = "user_data", timedelta(minutes=30), 64 * _KIB, "json"
    GUILD_DATA = "guild_data", timedelta(hours=1), 64 * _KIB, "json"
    GAME_DATA = "game_data", timedelta(minutes=15), 1 * _MIB, "json"
    TEAM_DATA = "team_data", timedelta(hours=2), 1 * _MIB, "json"
    LEAGUE_DATA = "league_data", timedelta(hours=4), 1 * _MIB, "json"
    PARLAY_DATA = "parlay_data", timedelta(minutes=5), 128 * _KIB, "json"
    IMAGE_CACHE = "image_cache", timedelta(hours=24), 2 * _MIB, "bytes"
    SESSION = "session", timedelta(minutes=30), 64 * _KIB, "json"
