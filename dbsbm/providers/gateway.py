"""The one path of every call: ask the guard, call, judge the answer, tell guard and monitor."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from dbsbm.providers.errors import BadAnswer, ProviderError
from dbsbm.providers.guard import Guard, Meter, Priority
from dbsbm.providers.http import HttpAnswer, Transport, decode_json
from dbsbm.providers.model import QuotaState

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call, for the monitor.

    Attributes:
        endpoint: Template of the path, such as "football/fixtures": never a URL, never a parameter.
        status: HTTP status, or None when no answer came.
        outcome: "ok", or the `outcome` of the error.
        sent: False when the guard refused the call, so that nothing left this machine.
        elapsed: Seconds.
        cost: Calls charged to the allowance.
    """

    provider: str
    endpoint: str
    status: int | None
    outcome: str
    sent: bool
    elapsed: float
    cost: int
    quota: QuotaState | None
    at: datetime


OnCall = Callable[[CallRecord], None]


class Dialect(Protocol):
    """How one provider speaks of limits and errors."""

    def quota(self, headers: Mapping[str, str]) -> QuotaState | None:
        """Return what the headers say is left, or None when they say nothing."""

    def refusal(self, answer: HttpAnswer, payload: Any) -> ProviderError | None:
        """Return the error that the answer is, or None when it is good.

        `payload` is its JSON, or None when it has none.
        """


@dataclass(frozen=True, slots=True)
class Call:
    """A question to a provider.

    Attributes:
        endpoint: What the monitor files it under.
        plan: See `Guard.admit`.
        holds: Name of the list that a good answer holds at its top level.
    """

    meter: Meter
    endpoint: str
    url: str
    holds: str
    params: Mapping[str, str] = field(default_factory=dict)
    plan: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer."""

    payload: Mapping[str, Any]
    quota: QuotaState | None
    elapsed: float
    at: datetime


class Gateway:
    """Makes the calls of one provider.

    Args:
        headers: Called for each request, so that a key is unwrapped only on its way out.
        on_call: Told of every call. It must be quick; what it raises is logged and dropped.
    """

    def __init__(
        self,
        *,
        provider: str,
        transport: Transport,
        guard: Guard,
        dialect: Dialect,
        headers: Callable[[], Mapping[str, str]] = dict,
        on_call: OnCall | None = None,
    ) -> None:
        self._provider = provider
        self._transport = transport
        self._guard = guard
        self._dialect = dialect
        self._headers = headers
        self._on_call = on_call

    def call(self, call: Call, priority: Priority) -> Answer:
        """Return the provider's answer.

        Raises:
            ProviderError: The guard refused the call, or it ended badly.
        """
        record = CallRecord(
            *(self._provider, call.endpoint, None, "ok", False, 0.0, 0, None, datetime.now(UTC))
        )
        try:
            admission = self._guard.admit(call.meter, priority, call.plan)
        except ProviderError as refusal:
            self._report(replace(record, outcome=refusal.outcome))
            raise
        started = time.monotonic()
        status, quota, result = self._exchange(call)
        elapsed = time.monotonic() - started
        error = result if isinstance(result, ProviderError) else None
        self._guard.settle(admission, error, quota)
        self._report(
            replace(
                record,
                status=status,
                outcome=error.outcome if error else "ok",
                sent=True,
                elapsed=elapsed,
                cost=1,
                quota=quota,
            )
        )
        if isinstance(result, ProviderError):
            raise result
        return Answer(result, quota, elapsed, datetime.now(UTC))

    def _exchange(
        self, call: Call
    ) -> tuple[int | None, QuotaState | None, Mapping[str, Any] | ProviderError]:
        try:
            answer = self._transport.get(
                call.url, params=call.params, headers=self._headers(), provider=self._provider
            )
        except ProviderError as error:
            return None, None, error
        return answer.status, self._dialect.quota(answer.headers), self._judge(call, answer)

    def _judge(self, call: Call, answer: HttpAnswer) -> Mapping[str, Any] | ProviderError:
        payload, unreadable = None, None
        try:
            payload = decode_json(answer, self._provider)
        except BadAnswer as error:
            unreadable = error
        refusal = self._dialect.refusal(answer, payload) or unreadable
        if refusal is not None:
            return refusal
        if isinstance(payload, dict) and isinstance(payload.get(call.holds), list):
            return payload
        return BadAnswer(
            f"{self._provider} answered {call.endpoint} without the list {call.holds!r}.",
            provider=self._provider,
        )

    def _report(self, record: CallRecord) -> None:
        log.log(
            logging.DEBUG if record.outcome == "ok" else logging.INFO,
            "%s %s: %s",
            record.provider,
            record.endpoint,
            record.outcome,
            extra={"action": "providers.call", "status": record.status, "sent": record.sent},
        )
        if self._on_call is None:
            return
        try:
            self._on_call(record)
        except Exception:  # measuring must never cost the answer
            log.warning(
                "The observer of provider calls failed.",
                exc_info=True,
                extra={"action": "providers.observe"},
            )
