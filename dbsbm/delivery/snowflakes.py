"""Discord's ids, which hold the time at which something was made.

https://discord.com/developers/docs/reference#snowflakes
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(2015, 1, 1, tzinfo=UTC)
_TIME_SHIFT = 22


def least_id(at: datetime) -> int:
    """The least id that something of this time can have."""
    milliseconds = (at - _EPOCH) // timedelta(milliseconds=1)
    return max(0, milliseconds << _TIME_SHIFT)
