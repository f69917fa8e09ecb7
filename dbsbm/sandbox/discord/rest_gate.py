"""What every REST request passes: faults, token, rate limits, and errors in Discord's shape."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from dbsbm.sandbox.discord.core import Core
from dbsbm.sandbox.discord.errors import ApiError, no_such_route, unauthorized
from dbsbm.sandbox.discord.faults import Fault
from dbsbm.sandbox.discord.jsonio import json_response
from dbsbm.sandbox.discord.ratelimit import below_prefix, is_interaction_route, major_parameter

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class RestGate:
    """The middleware of the REST side.

    Args:
        core: The stand-in's state.
    """

    def __init__(self, core: Core) -> None:
        self._core = core

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Pass a request on to its handler, or answer in its place."""
        fault = self._core.faults.take(request.method, below_prefix(request.path))
        if fault is not None:
            early = await self._apply(fault, request)
            if early is not None:
                return early
        response = await self._limited(request, handler)
        self._core.stats.count_request(request.method, _route(request), response.status)
        if fault is not None and fault.drop == "after":
            _cut(request)
        return response

    async def _apply(self, fault: Fault, request: web.Request) -> web.Response | None:
        self._core.stats.events["fault"] += 1
        await asyncio.sleep(fault.delay)
        if fault.drop == "before":
            _cut(request)
            return web.Response()
        answer = fault.answer()
        if answer is None:
            return None
        status, body, headers = answer
        self._core.stats.count_request(request.method, _route(request), status)
        response = json_response(body, status)
        response.headers.update(headers)
        return response

    async def _limited(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        route = _route(request)
        if not is_interaction_route(route) and not self._has_token(request):
            error = unauthorized()
            return json_response(error.body(), error.status)
        major = major_parameter(dict(request.match_info))
        verdict = self._core.limiter.take(request.method, route, major)
        if verdict.retry_after is not None:
            self._core.stats.rate_limited[f"{request.method} {route}"] += 1
            response: web.StreamResponse = json_response(verdict.body(), 429)
        else:
            response = await _answer(request, handler)
        response.headers.update(verdict.headers)
        return response

    def _has_token(self, request: web.Request) -> bool:
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), f"Bot {self._core.token}".encode())


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ApiError as error:
        return json_response(error.body(), error.status)
    except web.HTTPMethodNotAllowed:
        return json_response({"message": "405: Method Not Allowed", "code": 0}, 405)
    except web.HTTPNotFound:
        return json_response(no_such_route().body(), 404)
    except web.HTTPRequestEntityTooLarge:
        return json_response({"message": "Request entity too large", "code": 40005}, 413)
    except Exception:
        log.exception("A REST route failed", extra={"action": "standin.rest"})
        return json_response({"message": "500: Internal Server Error", "code": 0}, 500)


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return "unknown" if resource is None else below_prefix(resource.canonical)


def _cut(request: web.Request) -> None:
    if isinstance(request.transport, asyncio.Transport):
        request.transport.abort()
