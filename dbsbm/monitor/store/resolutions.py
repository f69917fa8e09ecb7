"""How finely the past is kept: by the minute for a day, by the day for more than a year."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

MINUTE: Final = 60
TEN_MINUTES: Final = 600
HOUR: Final = 3600
DAY: Final = 86400

RETENTION: Final[Mapping[int, timedelta]] = MappingProxyType(
    {
        MINUTE: timedelta(days=1),
        TEN_MINUTES: timedelta(days=7),
        HOUR: timedelta(days=60),
        DAY: timedelta(days=400),
    }
)
"""Seconds of a point -> how long points of this resolution are kept."""

FINER: Final[Mapping[int, int]] = MappingProxyType(
    {TEN_MINUTES: MINUTE, HOUR: TEN_MINUTES, DAY: HOUR}
)
"""A resolution -> the one of whose points its own are made."""
COARSER: Final[Mapping[int, int]] = MappingProxyType({fine: own for own, fine in FINER.items()})


def floor(at: datetime, seconds: int) -> datetime:
    """The last multiple of `seconds` since the epoch that is not after `at`."""
    stamp = int(at.timestamp())
    return datetime.fromtimestamp(stamp - stamp % seconds, UTC)
