"""The one table of what is cached: how long it lives, how large it may be, where it may live.

An operator may change all of it but the codec while the fleet runs: see
`dbsbm.cache.policy.policies`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final, Literal, Self

Codec = Literal["typed", "bytes"]

_KIB: Final = 1024
_MIB: Final = 1024 * _KIB
_SECOND: Final = timedelta(seconds=1)
_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How values of a category are kept.

    Attributes:
        ttl: How long a value counts as fresh. A caller may ask for less, never for more.
        grace: How much longer it may be served where that is better than nothing: while somebody
            reloads it, and when the reload fails. What was invalidated is never served.
        negative_ttl: How long the answer "there is none" (None) counts as fresh; the ttl, where
            that is shorter.
        jitter: Largest share, 0 to 0.5, by which a lifetime is shortened at random, so that what
            was stored together does not end together.
        max_bytes: Largest encoded value. A larger one is not stored: it would push out many
            others, and hold up the server's one thread while it is sent.
        local: A copy may live in each process, kept true by the server's push messages.
        compress_over: Encoded bytes from which on a value is compressed; None for never.
        codec: `typed` for data, `bytes` for what is bytes already.
        load_limit: How long a load may hold its lease; then somebody else may load.
        learned: What is loaded gets the lifetime that was learned of its key, up to four times the
            ttl. Only of the categories whose truth is outside.
    """

    ttl: timedelta
    grace: timedelta = 0 * _SECOND
    negative_ttl: timedelta = _MINUTE
    jitter: float = 0.1
    max_bytes: int
    local: bool = True
    compress_over: int | None = 4 * _KIB
    codec: Codec = "typed"
    load_limit: timedelta = 30 * _SECOND
    learned: bool = False


class Category(StrEnum):
    """A kind of cached value.

    Attributes:
        policy: Its row of the table, as the code has it. What is in force in a running process
            is `Policies.of`.
    """

    policy: Policy

    def __new__(cls, label: str, policy: Policy) -> Self:
        """Make a member of a row of the table."""
        member = str.__new__(cls, label)
        member._value_ = label
        member.policy = policy
        return member

    # The truth lives with the provider: a day's answers may outlive its outage. Large, and read by
    # few, so that copies in each process would push out what many read.
    API_RESPONSE = (
        "api_response",
        Policy(
            ttl=5 * _MINUTE,
            grace=_HOUR,
            negative_ttl=30 * _SECOND,
            max_bytes=2 * _MIB,
            local=False,
        ),
    )
    # Our own commits invalidate these; the lifetime bounds what was written past the application.
    DB_QUERY = (
        "db_query",
        Policy(ttl=10 * _MINUTE, grace=2 * _MINUTE, max_bytes=512 * _KIB),
    )
    USER_DATA = (
        "user_data",
        Policy(ttl=30 * _MINUTE, grace=10 * _MINUTE, max_bytes=64 * _KIB),
    )
    GUILD_DATA = (
        "guild_data",
        Policy(ttl=_HOUR, grace=30 * _MINUTE, max_bytes=64 * _KIB),
    )
    # Scores move: what is not there now may be there in half a minute.
    GAME_DATA = (
        "game_data",
        Policy(
            ttl=15 * _MINUTE,
            grace=15 * _MINUTE,
            negative_ttl=30 * _SECOND,
            max_bytes=1 * _MIB,
        ),
    )
    TEAM_DATA = (
        "team_data",
        Policy(ttl=2 * _HOUR, grace=2 * _HOUR, max_bytes=1 * _MIB),
    )
    LEAGUE_DATA = (
        "league_data",
        Policy(ttl=4 * _HOUR, grace=4 * _HOUR, max_bytes=1 * _MIB),
    )
    PARLAY_DATA = (
        "parlay_data",
        Policy(
            ttl=5 * _MINUTE,
            grace=_MINUTE,
            negative_ttl=30 * _SECOND,
            max_bytes=128 * _KIB,
        ),
    )
    # Drawn from what its key names, so it is as true on its last day as on its first; and
    # compressed already.
    IMAGE_CACHE = (
        "image_cache",
        Policy(
            ttl=24 * _HOUR,
            max_bytes=2 * _MIB,
            local=False,
            compress_over=None,
            codec="bytes",
        ),
    )
    # Ends when it ends: no grace, no shortening, and no copy that another process cannot see.
    SESSION = (
        "session",
        Policy(
            ttl=30 * _MINUTE,
            negative_ttl=5 * _SECOND,
            jitter=0.0,
            max_bytes=64 * _KIB,
            local=False,
            compress_over=None,
        ),
    )

    @property
    def ttl(self) -> timedelta:
        """How long a value counts as fresh, by the table."""
        return self.policy.ttl

    @property
    def max_bytes(self) -> int:
        """Largest encoded value, by the table."""
        return self.policy.max_bytes

    @property
    def codec(self) -> Codec:
        """How its values are written."""
        return self.policy.codec


OUTSIDE: Final = frozenset(
    {Category.API_RESPONSE, Category.GAME_DATA, Category.TEAM_DATA, Category.LEAGUE_DATA}
)
"""Their truth is with the providers, and changes without our writing: only a reload shows it."""
