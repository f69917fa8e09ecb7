"""The time range that a page shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from dbsbm.errors import UserError

RANGES = {
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "1y": timedelta(days=365),
}
DEFAULT_RANGE = "1h"


@dataclass(frozen=True, slots=True)
class Span:
    """From when until when.

    Attributes:
        name: One of RANGES, or `custom`.
        since: Aware UTC, included.
        until: Aware UTC, not included.
    """

    name: str
    since: datetime
    until: datetime

    @classmethod
    def ending(cls, now: datetime, name: str) -> Span:
        """The range of a name that ends now.

        Raises:
            UserError: There is no such range; the text lists those there are.
        """
        if name not in RANGES:
            raise UserError(f"There is no range {name!r}: choose one of {', '.join(RANGES)}.")
        return cls(name, now - RANGES[name], now)

    @property
    def seconds(self) -> float:
        """Its length."""
        return (self.until - self.since).total_seconds()

    @property
    def fresh_for(self) -> float:
        """Seconds for which an answer may be given to others who ask for the same range."""
        return {"1h": 4.0, "6h": 10.0, "24h": 30.0}.get(self.name, 120.0)
