"""Calls to the providers of sports data, by endpoint and outcome, and what plans have left."""

from __future__ import annotations

import logging
from collections.abc import Callable

from dbsbm.monitor.counting.recorder import Recorder
from dbsbm.providers.gateway import CallRecord

performance = logging.getLogger("dbsbm.performance")


def call_observer(recorder: Recorder) -> Callable[[CallRecord], None] | None:
    """What a gateway takes as its `on_call`; None where nothing is measured."""
    if not recorder.enabled:
        return None

    def observe(call: CallRecord) -> None:
        labels = {"provider": call.provider, "endpoint": call.endpoint, "outcome": call.outcome}
        if call.sent:
            recorder.observe("provider.call", call.elapsed, **labels)
            recorder.add("provider.cost", call.cost, provider=call.provider)
        else:
            recorder.add("provider.refused", 1, **labels)
        if call.quota is not None and call.quota.day_remaining is not None:
            left = call.quota.day_remaining
            recorder.gauge("provider.quota_left", left, provider=call.provider)
        performance.debug(
            "Provider call: %s.",
            call.outcome,
            extra={"action": "provider.call", "seconds": call.elapsed, **labels},
        )

    return observe
