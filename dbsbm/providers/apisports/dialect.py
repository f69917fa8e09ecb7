"""How API-Sports says no: mostly with HTTP 200 and an `errors` object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from dbsbm.providers.apisports.family import NAME
from dbsbm.providers.errors import (
    BadAnswer,
    BadKey,
    BadRequest,
    PlanDenied,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    Unavailable,
)
from dbsbm.providers.fields import integer, mapping
from dbsbm.providers.http import HttpAnswer
from dbsbm.providers.model import QuotaState
from dbsbm.providers.redact import Redactor


def _utc_now() -> datetime:
    return datetime.now(UTC)


class ApiSportsDialect:
    """Reads both families of rate headers and tells the errors apart by their keys.

    Args:
        redactor: Cleans the provider's own words, which may repeat the key.
        now: Aware UTC.
    """

    def __init__(self, redactor: Redactor, now: Callable[[], datetime] = _utc_now) -> None:
        self._redactor = redactor
        self._now = now

    def quota(self, headers: Mapping[str, str]) -> QuotaState | None:
        """Return the daily and the per-minute allowance, or None without any such header."""
        state = QuotaState(
            day_limit=integer(headers.get("x-ratelimit-requests-limit")),
            day_remaining=integer(headers.get("x-ratelimit-requests-remaining")),
            minute_limit=integer(headers.get("x-ratelimit-limit")),
            minute_remaining=integer(headers.get("x-ratelimit-remaining")),
        )
        return None if state == QuotaState() else state

    def refusal(self, answer: HttpAnswer, payload: Any) -> ProviderError | None:
        """Return the error that the answer is, by its `errors` first and its status second."""
        errors = _errors(mapping(payload).get("errors"))
        if errors:
            return self._classified(errors)
        if answer.status != 200:
            return self._by_status(answer)
        return None

    def _classified(self, errors: Mapping[str, object]) -> ProviderError:
        # The words of the first error; `errors` can hold several for one cause.
        words = self._redactor.clean(next(iter(errors.values())))
        if errors.keys() & {"token", "access"}:
            return BadKey(f"API-Sports refuses the key: {words}", provider=NAME)
        if "requests" in errors:
            return self._exhausted()
        if "rateLimit" in errors:
            return self._rate_limited()
        if "plan" in errors:
            return PlanDenied(f"The API-Sports plan does not cover this: {words}", provider=NAME)
        if "bug" in errors:
            return Unavailable(f"API-Sports has a fault of its own: {words}", provider=NAME)
        named = self._redactor.clean(", ".join(errors))
        return BadRequest(f"API-Sports refuses the question ({named}): {words}", provider=NAME)

    def _by_status(self, answer: HttpAnswer) -> ProviderError:
        status = answer.status
        if status == 429:
            quota = self.quota(answer.headers)
            return self._exhausted() if quota and quota.day_remaining == 0 else self._rate_limited()
        if status in {401, 403}:
            return BadKey(f"API-Sports refuses the key (HTTP {status}).", provider=NAME)
        # 499 is its word for a time-out of its own.
        if status >= 499:
            return Unavailable(f"API-Sports cannot answer now (HTTP {status}).", provider=NAME)
        if status >= 400:
            return BadRequest(f"API-Sports refuses the question (HTTP {status}).", provider=NAME)
        return BadAnswer(f"API-Sports sent no data (HTTP {status}).", provider=NAME)

    def _exhausted(self) -> QuotaExhausted:
        now = self._now()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        return QuotaExhausted(
            f"API-Sports' calls of the day are used up until {midnight:%d %b %H:%M} UTC.",
            provider=NAME,
            retry_after=(midnight - now).total_seconds(),
            reset_at=midnight,
        )

    def _rate_limited(self) -> RateLimited:
        now = self._now()
        wait = 60.0 - now.second - now.microsecond / 1e6
        return RateLimited(
            f"API-Sports' calls of the minute are used up; {wait:.0f} s to wait.",
            provider=NAME,
            retry_after=wait,
        )


def _errors(found: object) -> dict[str, object]:
    """Return the errors by name: `[]` and `{}` mean none, and a list may hold objects or words."""
    if isinstance(found, Mapping):
        return dict(found)
    named: dict[str, object] = {}
    for number, error in enumerate(found if isinstance(found, list) else []):
        named.update(error if isinstance(error, Mapping) else {f"error {number}": error})
    return named
