"""The control API's operator: faults, gateway trouble, limits, expiry and numbers."""

from __future__ import annotations

import time
from dataclasses import fields, replace
from typing import Any

from aiohttp import web

from dbsbm.sandbox.discord.config import Limit, RateLimits
from dbsbm.sandbox.discord.control import read_form
from dbsbm.sandbox.discord.core import Core
from dbsbm.sandbox.discord.errors import Refusal
from dbsbm.sandbox.discord.forms import Check, boolean, choice, integer, number, record
from dbsbm.sandbox.discord.jsonio import Json, json_response
from dbsbm.sandbox.discord.sessions import Close, Op
from dbsbm.sandbox.discord.views import stats_view

_LIMIT_NAMES = [f.name for f in fields(RateLimits) if f.name != "enabled"]
_LIMIT = record(
    {"requests": integer(1, 1_000_000), "seconds": number}, required=("requests", "seconds")
)
_LIMITS = record({"enabled": boolean, **dict.fromkeys(_LIMIT_NAMES, _LIMIT)})
_ACTIONS = ("drop", "close", "reconnect", "invalidate", "mute", "unmute")
_GATEWAY: Check = record(
    {"action": choice(*_ACTIONS), "code": integer(1000, 4999), "resumable": boolean},
    required=("action",),
)


class OperatorRoutes:
    """Making trouble on purpose, and looking at the numbers.

    Args:
        core: The stand-in's state.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self._started = time.monotonic()

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/health", self._health),
            web.get("/stats", self._stats),
            web.get("/faults", self._faults),
            web.post("/faults", self._add_fault),
            web.delete("/faults", self._clear_faults),
            web.post("/gateway", self._gateway),
            web.put("/rate-limits", self._set_limits),
            web.post("/interactions/{interaction_id}/expire", self._expire),
        ]

    async def _health(self, _: web.Request) -> web.Response:
        return json_response({"ok": True, "bot_connected": bool(self._core.hub.connected)})

    async def _stats(self, _: web.Request) -> web.Response:
        return json_response(stats_view(self._core, time.monotonic() - self._started))

    async def _faults(self, _: web.Request) -> web.Response:
        return json_response(self._core.faults.view())

    async def _add_fault(self, request: web.Request) -> web.Response:
        spec = await read_form(request, record({}))
        return json_response(self._core.faults.add(spec).view(), 201)

    async def _clear_faults(self, _: web.Request) -> web.Response:
        self._core.faults.clear()
        return web.Response(status=204)

    async def _gateway(self, request: web.Request) -> web.Response:
        body = await read_form(request, _GATEWAY)
        return json_response({"connections": self._trouble(body)})

    def _trouble(self, body: Json) -> int:
        hub, action = self._core.hub, body["action"]
        if action == "drop":
            return self._core.sockets.abort_all()
        if action == "close":
            return hub.send_all(Close(body.get("code", 4000), "Closed by the operator"))
        if action == "reconnect":
            return hub.send_all({"op": Op.RECONNECT, "t": None, "s": None, "d": None})
        if action == "invalidate":
            resumable = bool(body.get("resumable", False))
            frame = {"op": Op.INVALID_SESSION, "t": None, "s": None, "d": resumable}
            return hub.send_all(frame)
        hub.acks_heartbeats = action == "unmute"
        return len(hub.connected)

    async def _set_limits(self, request: web.Request) -> web.Response:
        body = await read_form(request, _LIMITS)
        if unknown := set(body) - {"enabled", *_LIMIT_NAMES}:
            raise Refusal(f"There is no limit {min(unknown)!r}.")
        now = self._core.limiter.limits
        limits: dict[str, Any] = {
            k: Limit(v["requests"], v["seconds"]) for k, v in body.items() if k != "enabled"
        }
        enabled = body.get("enabled", now.enabled)
        self._core.limiter.limits = replace(replace(now, **limits), enabled=enabled)
        return json_response({"enabled": self._core.limiter.limits.enabled})

    async def _expire(self, request: web.Request) -> web.Response:
        interaction = self._core.interactions.get(request.match_info["interaction_id"])
        interaction.expired = True
        return json_response(interaction.view(self._core.base_url))
