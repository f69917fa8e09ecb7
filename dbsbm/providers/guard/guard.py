"""Asks before every call whether it may be made, and learns from how it ended."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import redis

from dbsbm.providers.errors import (
    BadAnswer,
    BadKey,
    PlanDenied,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    Unavailable,
)
from dbsbm.providers.guard.ledger import Clock, HoldReason, Ledger, Reservation, Verdict, Window
from dbsbm.providers.guard.limits import BreakerPolicy, Meter, Priority
from dbsbm.providers.guard.local import LocalLedger
from dbsbm.providers.guard.shared import SharedLedger
from dbsbm.providers.model import QuotaState

log = logging.getLogger(__name__)

T = TypeVar("T")

_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60
_REDIS_PAUSE = 5.0
"""Seconds for which a failed Redis is not asked again, so that its outage costs no time."""


@dataclass(frozen=True, slots=True)
class Admission:
    """Leave to make one call; hand it back to `Guard.settle` when the call is over."""

    meter: Meter
    wish: Reservation
    plan: str | None


class Guard:
    """One for all providers of a process. Safe to share between threads; never raises for Redis.

    Args:
        shared: Redis that all workers use, or None for a process on its own.
        namespace: Prefix of all keys.
        background_share: Part of every allowance that background calls may use up; the rest is kept
            for members who wait.
        degraded_share: Part of every allowance that each process may use while Redis is down.
        breaker: When a failing provider is left alone.
        clock: Epoch seconds, for tests; by default Redis's clock, or this machine's without Redis.
    """

    def __init__(
        self,
        shared: redis.Redis | None,
        *,
        namespace: str = "dbsbm:provider",
        background_share: float = 0.7,
        degraded_share: float = 0.25,
        breaker: BreakerPolicy | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._shared = SharedLedger(shared, namespace, clock) if shared is not None else None
        self._local = LocalLedger(
            clock=clock or time.time, share=1.0 if shared is None else degraded_share
        )
        self._background_share = background_share
        self._breaker = breaker or BreakerPolicy()
        self._lock = threading.Lock()
        self._redis_down_until = 0.0

    def admit(self, meter: Meter, priority: Priority, plan: str | None = None) -> Admission:
        """Charge one call to the allowance, or refuse it.

        Args:
            meter: Whose allowance it is.
            priority: Who waits for the answer.
            plan: Names what the operator's plan may not include ("season:39:2026"): once denied, it
                is not asked for again for a day.

        Raises:
            QuotaExhausted: The day's allowance, or the caller's share of it, is used up.
            RateLimited: The minute's is.
            Unavailable: The provider failed and is left alone for a while.
            BadKey: The key was refused; nothing is asked with it for an hour.
            PlanDenied: The plan does not include it.
        """
        wish, verdict = self._on_ledger(lambda ledger: self._ask(ledger, meter, priority, plan))
        if verdict.refusal is not None:
            raise _refusal(meter, verdict, priority, wish.now)
        return Admission(meter, wish, plan)

    def settle(
        self, admission: Admission, error: ProviderError | None, quota: QuotaState | None
    ) -> None:
        """Tell how the call ended.

        Args:
            admission: What `admit` returned for it.
            error: What it ended with, or None when it was good.
            quota: What the provider said is left, if it said so.
        """
        if isinstance(error, Unavailable | BadAnswer):
            seconds = self._on_ledger(lambda it: it.failed(admission.wish, self._breaker))
            if seconds:
                self._log_open(admission.meter, seconds)
            return
        self._everywhere(lambda it: it.answered(admission.wish, quota))
        if error is not None:
            self._remember(admission, error)

    def _ask(
        self, ledger: Ledger, meter: Meter, priority: Priority, plan: str | None
    ) -> tuple[Reservation, Verdict]:
        now = ledger.now()
        wish = Reservation(
            scope=meter.scope,
            now=now,
            holds=_hold_names(meter, plan),
            day=_window(meter, "day", _DAY, now, meter.limits.day_cap),
            minute=_window(meter, "minute", _MINUTE, now, meter.limits.minute_assumed),
            usable=1.0 if priority == "user" else self._background_share,
        )
        return wish, ledger.reserve(wish, self._breaker)

    def _remember(self, admission: Admission, error: ProviderError) -> None:
        meter, wait = admission.meter, error.retry_after
        credential, scope, *plan = _hold_names(meter, admission.plan)
        if isinstance(error, BadKey):
            log.error(
                "%s refused its key and is left alone for an hour: correct the key and restart.",
                meter.provider,
                extra={"action": "providers.stop", "provider": meter.provider},
            )
            self._hold(credential, "bad_key", _HOUR)
        elif isinstance(error, QuotaExhausted):
            self._hold(scope, "quota", wait)
        elif isinstance(error, RateLimited):
            self._hold(scope, "rate", wait)
        elif isinstance(error, PlanDenied) and plan:
            self._hold(plan[0], "plan", _DAY)

    def _hold(self, name: str, reason: HoldReason, seconds: float | None) -> None:
        if seconds:
            self._everywhere(lambda ledger: ledger.hold(name, reason, ledger.now() + seconds))

    def _log_open(self, meter: Meter, seconds: float) -> None:
        log.warning(
            "%s keeps failing and is left alone for %.0f s.",
            meter.scope,
            seconds,
            extra={"action": "providers.breaker_open", "scope": meter.scope, "seconds": seconds},
        )

    def _everywhere(self, step: Callable[[Ledger], object]) -> None:
        """Do it here and in Redis: this process must know what it learnt when Redis goes away."""
        step(self._local)
        if self._shared is not None:
            self._on_ledger(lambda it: step(it) if it is self._shared else None)

    def _on_ledger(self, step: Callable[[Ledger], T]) -> T:
        """Return what the step gives on the shared ledger, or on our own while that is away."""
        if self._shared is not None and time.monotonic() >= self._redis_down_until:
            try:
                return step(self._shared)
            except (redis.RedisError, OSError) as error:
                self._leave_redis_alone(error)
        return step(self._local)

    def _leave_redis_alone(self, error: Exception) -> None:
        with self._lock:
            self._redis_down_until = time.monotonic() + _REDIS_PAUSE
        log.warning(
            "The shared budget of the providers is out of reach (%s): for %.0f s this process "
            "keeps to its own small share.",
            type(error).__name__,
            _REDIS_PAUSE,
            extra={"action": "providers.guard_degraded"},
        )


def _hold_names(meter: Meter, plan: str | None) -> tuple[str, ...]:
    names = (f"{meter.provider}:key:{meter.credential}", meter.scope)
    return names if plan is None else (*names, f"{meter.scope}:{plan}")


def _window(meter: Meter, name: str, seconds: int, now: float, limit: int | None) -> Window:
    number = int(now // seconds)
    return Window(f"{meter.scope}:{name}:{number}", limit, float((number + 1) * seconds))


def _refusal(meter: Meter, verdict: Verdict, priority: Priority, now: float) -> ProviderError:
    who, until = meter.scope, datetime.fromtimestamp(verdict.until, UTC)
    wait, when = max(0.0, verdict.until - now), f"{until:%d %b %H:%M}"
    whose = "" if priority == "user" else " for background work"
    match verdict.refusal:
        case "bad_key":
            return BadKey(f"{who} refused its key. Correct the key and restart.", provider=who)
        case "plan":
            text = f"The plan for {who} does not include this (not asked before {when} UTC)."
            return PlanDenied(text, provider=who, retry_after=wait)
        case "quota" | "day":
            text = f"The day's calls to {who}{whose} are used up until {when} UTC."
            return QuotaExhausted(text, provider=who, retry_after=wait, reset_at=until)
        case "rate" | "minute":
            text = f"The minute's calls to {who}{whose} are used up; {wait:.0f} s to wait."
            return RateLimited(text, provider=who, retry_after=wait)
        case _:
            text = f"{who} failed repeatedly and is left alone for {wait:.0f} s more."
            return Unavailable(text, provider=who, retry_after=wait)
