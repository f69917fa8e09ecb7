"""What a guard writes down, wherever it is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from dbsbm.providers.guard.limits import BreakerPolicy
from dbsbm.providers.model import QuotaState

Clock = Callable[[], float]
"""Seconds since the Unix epoch."""

HoldReason = Literal["bad_key", "quota", "rate", "plan"]
Refusal = Literal["bad_key", "quota", "rate", "plan", "failing", "day", "minute"]


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time with an allowance.

    Attributes:
        limit: Calls allowed as far as we know without the provider, or None.
        ends: When the next window begins, in epoch seconds.
    """

    key: str
    limit: int | None
    ends: float


@dataclass(frozen=True, slots=True)
class Reservation:
    """One call that wants to be made.

    Attributes:
        now: The ledger's time when it was asked for.
        holds: Names under which a hold would forbid the call.
        usable: Share of every window that this caller may fill, in (0, 1].
    """

    scope: str
    now: float
    holds: tuple[str, ...]
    day: Window
    minute: Window
    usable: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the call may be made; if not, why, and until when (epoch seconds)."""

    refusal: Refusal | None = None
    until: float = 0.0


class Ledger(Protocol):
    """Counts calls, keeps holds, and remembers failures."""

    def now(self) -> float:
        """Return the time that all users of the ledger share, in epoch seconds."""

    def reserve(self, wish: Reservation, breaker: BreakerPolicy) -> Verdict:
        """Count the call against both windows, or refuse it and count nothing. Atomic.

        The day's limit is the lower of the given and the learnt one; the minute's is the learnt
        one, or the given one until something is learnt.
        """

    def answered(self, wish: Reservation, quota: QuotaState | None) -> None:
        """Close the breaker and learn what the provider says is left of the call's windows."""

    def failed(self, wish: Reservation, breaker: BreakerPolicy) -> float:
        """Count a failure and return for how many seconds the breaker is now open, 0 if not."""

    def hold(self, name: str, reason: HoldReason, until: float) -> None:
        """Forbid every call that names `name` until a moment in epoch seconds."""
