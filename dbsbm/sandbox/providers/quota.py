"""The sandbox's allowances: counted as API-Sports counts them, a day and a minute at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Exceeded = Literal["day", "minute"] | None


@dataclass(slots=True)
class _Used:
    day: str = ""
    minute: str = ""
    of_day: int = 0
    of_minute: int = 0


class Quotas:
    """One allowance for each API.

    Attributes:
        per_day: Calls that every API answers in a UTC day.
        per_minute: Calls that every API answers in a minute of the clock.
    """

    def __init__(self, per_day: int, per_minute: int, now: Callable[[], datetime]) -> None:
        self.per_day = per_day
        self.per_minute = per_minute
        self._now = now
        self._used: dict[str, _Used] = {}

    def charge(self, api: str) -> Exceeded:
        """Count a call, unless an allowance is used up; return which one."""
        used = self._current(api)
        if used.of_day >= self.per_day:
            return "day"
        if used.of_minute >= self.per_minute:
            return "minute"
        used.of_day += 1
        used.of_minute += 1
        return None

    def headers(self, api: str) -> dict[str, str]:
        """Return both families of rate headers."""
        used = self._current(api)
        return {
            "x-ratelimit-requests-limit": str(self.per_day),
            "x-ratelimit-requests-remaining": str(max(0, self.per_day - used.of_day)),
            "X-RateLimit-Limit": str(self.per_minute),
            "X-RateLimit-Remaining": str(max(0, self.per_minute - used.of_minute)),
        }

    def used_today(self, api: str) -> int:
        """Return how many calls of the day are counted."""
        return self._current(api).of_day

    def reset(self) -> None:
        """Forget all calls."""
        self._used.clear()

    def _current(self, api: str) -> _Used:
        used, now = self._used.setdefault(api, _Used()), self._now()
        if used.day != (day := f"{now:%Y%m%d}"):
            used.day, used.of_day = day, 0
        if used.minute != (minute := f"{now:%Y%m%d%H%M}"):
            used.minute, used.of_minute = minute, 0
        return used
