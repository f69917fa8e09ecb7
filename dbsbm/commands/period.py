"""The times that a record or a leaderboard can be about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Self

from dbsbm.errors import UserError


class Period(Enum):
    """Bets settled since a day began (UTC), or all of them.

    Whole days, so that everybody who asks on the same day asks the same question, which the cache
    then answers once.

    Attributes:
        days: How many days back, today not counted; None is for ever.
        label: How it reads in a title.
    """

    ALL = (None, "all time")
    WEEK = (7, "last 7 days")
    MONTH = (30, "last 30 days")

    days: int | None
    label: str

    def __new__(cls, days: int | None, label: str) -> Self:
        """Make a member of a row of the table."""
        member = object.__new__(cls)
        member.days = days
        member.label = label
        return member

    @classmethod
    def named(cls, name: object) -> Self:
        """Return the period that a member chose, all time where there is none.

        Raises:
            UserError: There is no such period.
        """
        try:
            return cls[str(name or "all").upper()]
        except KeyError:
            names = ", ".join(period.name.lower() for period in cls)
            raise UserError(f"Choose a period from: {names}.") from None

    def since(self, now: datetime) -> datetime | None:
        """Return when it began, None for all time."""
        if self.days is None:
            return None
        today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return today - timedelta(days=self.days)
