"""Calls to the providers of sports data, by endpoint and outcome."""

from __future__ import annotations

import logging
from collections.abc import Callable

from dbsbm.monitor.counting.recorder import Recorder
from dbsbm.providers.gateway import CallRecord

performance = logging.getLogger("dbsbm.performance")


def call_observer(recorder: Recorder) -> Callable[[CallRecord], None]:
    """What a provider's gateway takes as its `on_call`."""

    def observe(call: CallRecord) -> None:
        labels = {"provider": call.provider, "endpoint": call.endpoint, "outcome": call.outcome}
        if call.sent:
            recorder.observe("provider.call", call.elapsed, **labels)
            recorder.add("provider.cost", call.cost, provider=call.provider)
        else:
            recorder.add("provider.refused", 1, **labels)
        performance.debug(
            "Provider call: %s.",
            call.outcome,
            extra={"action": "provider.call", "seconds": call.elapsed, **labels},
        )

    return observe
