"""Sees every REST call that discord.py makes, through aiohttp's own tracing."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import aiohttp
from discord.http import Route
from yarl import URL

from dbsbm.monitor.readings.discord_calls import (
    SCOPE_HEADER,
    DiscordCall,
    OnDiscordCall,
    discord_route,
)


def rest_trace(on_call: OnDiscordCall) -> aiohttp.TraceConfig:
    """What `discord.Client` takes as its `http_trace`.

    Only the REST API counts: the gateway's websocket and pictures come through the same session.
    """
    trace = aiohttp.TraceConfig()

    async def begin(_session: Any, context: SimpleNamespace, _request: Any) -> None:
        context.began = time.perf_counter()

    async def end(
        _session: Any, context: SimpleNamespace, request: aiohttp.TraceRequestEndParams
    ) -> None:
        shared = request.response.headers.get(SCOPE_HEADER) == "shared"
        report(context, request.method, request.url, request.response.status, shared=shared)

    async def fail(
        _session: Any, context: SimpleNamespace, request: aiohttp.TraceRequestExceptionParams
    ) -> None:
        report(context, request.method, request.url, None)

    def report(
        context: SimpleNamespace, method: str, url: URL, status: int | None, *, shared: bool = False
    ) -> None:
        base = URL(Route.BASE)
        if url.origin() == base.origin() and url.path.startswith(base.path):
            route = discord_route(method, url.path)
            on_call(DiscordCall(route, status, time.perf_counter() - context.began, shared))

    trace.on_request_start.append(begin)
    trace.on_request_end.append(end)
    trace.on_request_exception.append(fail)
    return trace
