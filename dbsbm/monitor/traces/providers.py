"""Calls of providers as spans."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dbsbm.providers.gateway import CallRecord

if TYPE_CHECKING:
    from dbsbm.monitor.traces.tracing import Tracing


def provider_spans(tracing: Tracing) -> Callable[[CallRecord], None]:
    """An observer of provider calls."""

    def observe(call: CallRecord) -> None:
        if not call.sent:
            return
        attributes: dict[str, str | int | float | bool] = {
            "peer.service": call.provider,
            "http.request.method": "GET",
            "url.template": call.endpoint,
        }
        if call.status is not None:
            attributes["http.response.status_code"] = call.status
        error = None if call.outcome == "ok" else call.outcome
        tracing.past(f"GET {call.provider} {call.endpoint}", call.elapsed, attributes, error)

    return observe
