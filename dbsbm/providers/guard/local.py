"""A ledger in the memory of one process."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass

from dbsbm.providers.guard.ledger import Clock, HoldReason, Reservation, Verdict, Window
from dbsbm.providers.guard.limits import BreakerPolicy
from dbsbm.providers.model import QuotaState


@dataclass(slots=True)
class _Count:
    """Calls in a window: as the provider counts them, and our own part."""

    ends: float
    used: int = 0
    own: int = 0


@dataclass(slots=True)
class _Failures:
    """A breaker: `open_until` is 0 while it is closed."""

    in_a_row: int = 0
    last: float = 0.0
    open_until: float = 0.0
    probe_until: float = 0.0


class LocalLedger:
    """Used while the shared ledger is out of reach, and where there is none.

    Args:
        clock: Epoch seconds.
        share: Part of every window that this process may fill on its own, since it cannot see what
            the others spend.
    """

    def __init__(self, *, clock: Clock = time.time, share: float = 1.0) -> None:
        self._clock = clock
        self._share = share
        self._lock = threading.Lock()
        self._counts: dict[str, _Count] = {}
        self._learnt: dict[str, QuotaState] = {}
        self._holds: dict[str, tuple[HoldReason, float]] = {}
        self._failures: dict[str, _Failures] = {}

    def now(self) -> float:
        """Return this machine's time."""
        return self._clock()

    def reserve(self, wish: Reservation, breaker: BreakerPolicy) -> Verdict:
        """Count the call or refuse it."""
        with self._lock:
            self._forget(wish.now)
            refused = self._held(wish) or self._open(wish) or self._spent(wish)
            if refused:
                return refused
            self._count(wish)
            failures = self._failures.get(wish.scope)
            if failures and failures.open_until:
                failures.probe_until = wish.now + breaker.probe_seconds
            return Verdict()

    def _held(self, wish: Reservation) -> Verdict | None:
        for name in wish.holds:
            if name in self._holds:
                return Verdict(*self._holds[name])
        return None

    def _open(self, wish: Reservation) -> Verdict | None:
        failures = self._failures.get(wish.scope)
        if failures and failures.open_until:
            until = max(failures.open_until, failures.probe_until)
            if until > wish.now:
                return Verdict("failing", until)
        return None

    def _spent(self, wish: Reservation) -> Verdict | None:
        learnt = self._learnt.get(wish.scope, QuotaState())
        known = [limit for limit in (wish.day.limit, learnt.day_limit) if limit is not None]
        if not self._room(wish.day, min(known, default=None), wish.usable):
            return Verdict("day", wish.day.ends)
        minute = wish.minute.limit if learnt.minute_limit is None else learnt.minute_limit
        if not self._room(wish.minute, minute, wish.usable):
            return Verdict("minute", wish.minute.ends)
        return None

    def _room(self, window: Window, limit: int | None, usable: float) -> bool:
        if limit is None:
            return True
        count = self._counts.get(window.key, _Count(window.ends))
        return count.used < _part(limit, usable) and count.own < _part(limit, self._share)

    def _count(self, wish: Reservation) -> None:
        for window in (wish.day, wish.minute):
            count = self._counts.setdefault(window.key, _Count(window.ends))
            count.used += 1
            count.own += 1

    def answered(self, wish: Reservation, quota: QuotaState | None) -> None:
        """Close the breaker and learn from the provider's headers."""
        with self._lock:
            self._failures.pop(wish.scope, None)
            if quota is None:
                return
            old = self._learnt.get(wish.scope, QuotaState())
            self._learnt[wish.scope] = QuotaState(
                day_limit=quota.day_limit if quota.day_limit is not None else old.day_limit,
                minute_limit=(
                    quota.minute_limit if quota.minute_limit is not None else old.minute_limit
                ),
            )
            self._raise_to(wish.day, quota.day_limit, quota.day_remaining)
            self._raise_to(wish.minute, quota.minute_limit, quota.minute_remaining)

    def _raise_to(self, window: Window, limit: int | None, remaining: int | None) -> None:
        if limit is None or remaining is None:
            return
        count = self._counts.setdefault(window.key, _Count(window.ends))
        count.used = max(count.used, limit - remaining)

    def failed(self, wish: Reservation, breaker: BreakerPolicy) -> float:
        """Count a failure, unless the breaker opened while the call was under way."""
        with self._lock:
            now = self._clock()
            failures = self._failures.setdefault(wish.scope, _Failures())
            if now - failures.last > breaker.forget_seconds:
                failures.in_a_row = 0
            if failures.open_until > now:
                return failures.open_until - now
            failures.in_a_row += 1
            failures.last = now
            seconds = breaker.open_seconds(failures.in_a_row)
            failures.open_until = now + seconds if seconds else 0.0
            failures.probe_until = 0.0
            return seconds

    def hold(self, name: str, reason: HoldReason, until: float) -> None:
        """Forbid every call that names `name` until then."""
        with self._lock:
            self._holds[name] = (reason, until)

    def _forget(self, now: float) -> None:
        self._counts = {key: c for key, c in self._counts.items() if c.ends > now}
        self._holds = {name: h for name, h in self._holds.items() if h[1] > now}


def _part(limit: int, share: float) -> int:
    return math.floor(limit * share + 1e-9)
