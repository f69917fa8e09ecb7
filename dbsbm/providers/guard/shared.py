"""A ledger in Redis: one budget and one breaker for the whole fleet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

import redis

from dbsbm.providers.guard import scripts
from dbsbm.providers.guard.ledger import Clock, HoldReason, Refusal, Reservation, Verdict
from dbsbm.providers.guard.limits import BreakerPolicy
from dbsbm.providers.model import QuotaState

_STEPS_TO_LONGEST = 40
"""Failures in a row that the breaker tells apart; any policy is at its longest wait by then."""


class SharedLedger:
    """Every step is one atomic script.

    Every method may raise `redis.RedisError`.

    Args:
        client: Answers in bytes or in text. Its time-outs bound every step.
        namespace: Prefix of all keys.
        clock: Epoch seconds; None: Redis's own clock, the one that all hosts agree on.
    """

    def __init__(self, client: redis.Redis, namespace: str, clock: Clock | None = None) -> None:
        self._client = client
        self._namespace = namespace
        self._clock = clock
        self._reserve = client.register_script(scripts.RESERVE)
        self._answered = client.register_script(scripts.ANSWERED)
        self._failed = client.register_script(scripts.FAILED)
        self._hold = client.register_script(scripts.HOLD)

    def now(self) -> float:
        """Return Redis's time, or the given clock's."""
        if self._clock is not None:
            return self._clock()
        seconds, microseconds = self._client.time()
        return seconds + microseconds / 1e6

    def reserve(self, wish: Reservation, breaker: BreakerPolicy) -> Verdict:
        """Count the call or refuse it."""
        answer = self._reserve(
            keys=[*self._keys(wish), *(self._key(name, "hold") for name in wish.holds)],
            args=[
                *(repr(wish.now), repr(wish.usable)),
                *(_or_unknown(wish.day.limit), repr(wish.day.ends)),
                *(_or_unknown(wish.minute.limit), repr(wish.minute.ends)),
                repr(breaker.probe_seconds),
            ],
        )
        refusal, until = (_text(part) for part in cast(Sequence[Any], answer))
        return Verdict(cast(Refusal, refusal) if refusal else None, float(until))

    def answered(self, wish: Reservation, quota: QuotaState | None) -> None:
        """Close the breaker and learn from the provider's headers."""
        seen = quota or QuotaState()
        self._answered(
            keys=self._keys(wish),
            args=[
                *(repr(wish.now), repr(wish.day.ends), repr(wish.minute.ends)),
                *(_or_unknown(seen.day_limit), _or_unknown(seen.day_remaining)),
                *(_or_unknown(seen.minute_limit), _or_unknown(seen.minute_remaining)),
            ],
        )

    def failed(self, wish: Reservation, breaker: BreakerPolicy) -> float:
        """Count a failure, unless the breaker opened while the call was under way."""
        waits = [repr(breaker.open_seconds(n + 1)) for n in range(_STEPS_TO_LONGEST)]
        answer = self._failed(
            keys=[self._key(wish.scope, "breaker")],
            args=[repr(self.now()), repr(breaker.forget_seconds), *waits],
        )
        return float(_text(answer))

    def hold(self, name: str, reason: HoldReason, until: float) -> None:
        """Forbid every call that names `name` until then."""
        seconds = max(1, math.ceil(until - self.now()))
        self._hold(keys=[self._key(name, "hold")], args=[reason, repr(until), seconds])

    def _keys(self, wish: Reservation) -> list[str]:
        return [
            self._key(wish.scope, "breaker"),
            self._key(wish.scope, "limits"),
            self._key(wish.day.key, "count"),
            self._key(wish.minute.key, "count"),
        ]

    def _key(self, name: str, kind: str) -> str:
        provider = name.partition(":")[0]
        return f"{self._namespace}:{{{provider}}}:{name}:{kind}"


def _or_unknown(value: int | None) -> int:
    return -1 if value is None else value


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
