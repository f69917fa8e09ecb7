"""Calls of Discord as spans."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dbsbm.monitor.readings.discord_calls import DiscordCall

if TYPE_CHECKING:
    from dbsbm.monitor.traces.tracing import Tracing


def discord_spans(tracing: Tracing) -> Callable[[DiscordCall], None]:
    """An observer of Discord calls."""

    def observe(call: DiscordCall) -> None:
        method, _, template = call.route.partition(" ")
        attributes: dict[str, str | int | float | bool] = {
            "peer.service": "discord",
            "http.request.method": method,
            "url.template": template,
        }
        if call.status is not None:
            attributes["http.response.status_code"] = call.status
        tracing.past(call.route, call.seconds, attributes, _error(call.status))

    return observe


def _error(status: int | None) -> str | None:
    if status is None:
        return "no_answer"
    return str(status) if status >= 400 else None
