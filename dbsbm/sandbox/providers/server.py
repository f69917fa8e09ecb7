"""The sandbox's HTTP server."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from ipaddress import ip_address
from typing import Any, Self

from aiohttp import web

from dbsbm.sandbox.providers import apisports_wire, espn_wire
from dbsbm.sandbox.providers.clock import Clock
from dbsbm.sandbox.providers.faults import API_ERRORS, Fault, FaultPlan, InvalidFault, Provider
from dbsbm.sandbox.providers.quota import Quotas
from dbsbm.sandbox.providers.world import BY_ESPN_PATH

_NO_KEY = {
    "token": "Missing application key, check our documentation on how to add your API key.",
    "error": "4xHe",
}
_PAGE = "<!DOCTYPE html><html><body><h1>Scheduled maintenance</h1></body></html>"
_STATUSES = {"http_500": 500, "http_403": 403, "http_429": 429}


class ProviderSandbox:
    """Speaks ESPN's and API-Sports' wire formats about an invented season around now.

    An async context manager. The adapters' base URLs are `espn_url` and `apisports_url`.

    Args:
        host: Address to listen on.
        port: 0 picks a free one.
        clock: The sandbox's time.
        per_day: Calls that each API of API-Sports answers in a day.
        per_minute: And in a minute.
        allow_remote: Needed for any host but a loopback address.

    Raises:
        ValueError: The host is not a loopback address and `allow_remote` is not set.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Clock | None = None,
        per_day: int = 7500,
        per_minute: int = 300,
        allow_remote: bool = False,
    ) -> None:
        if not allow_remote and not _is_loopback(host):
            raise ValueError(f"{host} is not a loopback address; allow remote callers to use it")
        self._host = host
        self._port = port
        self.clock = clock or Clock()
        self.quotas = Quotas(per_day, per_minute, self.clock.now)
        self.faults = FaultPlan()
        self.calls: Counter[str] = Counter()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """The server's own address."""
        return f"http://{self._host}:{self._port}"

    @property
    def espn_url(self) -> str:
        """Base URL for the ESPN adapter."""
        return f"{self.url}/espn"

    @property
    def apisports_url(self) -> str:
        """Base URL template for the API-Sports adapter."""
        return f"{self.url}/apisports/{{host}}"

    async def start(self) -> str:
        """Listen, and return the address."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/espn/apis/site/v2/sports/{sport}/{league}/{endpoint}", self._espn),
                web.get("/apisports/{host}/{endpoint}", self._apisports),
                web.post("/sandbox/faults", self._add_fault),
                web.delete("/sandbox/faults", self._clear_faults),
                web.get("/sandbox/stats", self._stats),
                web.delete("/sandbox/stats", self._clear_stats),
                web.post("/sandbox/quota", self._set_quota),
                web.post("/sandbox/clock", self._move_clock),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        self._port = self._runner.addresses[0][1]
        return self.url

    async def stop(self) -> None:
        """Stop listening and drop what is under way."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _espn(self, request: web.Request) -> web.StreamResponse:
        path = f"{request.match_info['sport']}/{request.match_info['league']}"
        endpoint = request.match_info["endpoint"]
        self.calls[f"espn {path}/{endpoint}"] += 1

        async def good() -> web.Response:
            league, now = BY_ESPN_PATH.get(path), self.clock.now()
            if league is None or endpoint not in {"scoreboard", "teams"}:
                return _json({"code": 400, "message": "Failed to get league"}, status=400)
            if endpoint == "teams":
                return _json(espn_wire.team_list(league))
            try:
                first, last = espn_wire.parse_dates(request.query.get("dates"), now)
            except ValueError:
                return _json({"code": 400, "message": "Invalid dates"}, status=400)
            return _json(espn_wire.scoreboard(league, first, last, now))

        return await self._answer(request, "espn", f"{path}/{endpoint}", good, {})

    async def _apisports(self, request: web.Request) -> web.StreamResponse:
        host, endpoint = request.match_info["host"], request.match_info["endpoint"]
        self.calls[f"apisports {host}/{endpoint}"] += 1
        sport = apisports_wire.HOSTS.get(host)
        if sport is None:
            raise web.HTTPNotFound
        if not request.headers.get("x-apisports-key", "").strip():
            return _json({"errors": _NO_KEY}, status=403)
        params = dict(request.query)
        headers: dict[str, str] = {}
        if endpoint != "status":
            exceeded = self.quotas.charge(host)
            headers = self.quotas.headers(host)
            if exceeded:
                kind = "errors_requests" if exceeded == "day" else "errors_rate"
                return _json(_refused(endpoint, params, kind), headers=headers)

        async def good() -> web.Response:
            if endpoint == "status":
                return _json(self._account(host))
            body = apisports_wire.answer(sport, endpoint, params, self.clock.now())
            return _json(body, headers=headers)

        return await self._answer(request, "apisports", f"{host}/{endpoint}", good, headers)

    def _account(self, host: str) -> dict[str, Any]:
        requests = {"current": self.quotas.used_today(host), "limit_day": self.quotas.per_day}
        body = apisports_wire.envelope("status", {}, [])
        return body | {
            "results": 1,
            "response": {"subscription": {"plan": "Sandbox", "active": True}, "requests": requests},
        }

    async def _answer(
        self,
        request: web.Request,
        provider: Provider,
        endpoint: str,
        good: Callable[[], Awaitable[web.Response]],
        headers: Mapping[str, str],
    ) -> web.StreamResponse:
        fault = self.faults.take(provider, endpoint)
        if fault is None:
            return await good()
        self.calls[f"fault {fault.kind}"] += 1
        return await _fail(request, fault, good, headers)

    async def _add_fault(self, request: web.Request) -> web.Response:
        try:
            self.faults.add(Fault.read(await request.json()))
        except (InvalidFault, json.JSONDecodeError) as error:
            return _json({"error": str(error)}, status=400)
        return _json({"ok": True}, status=201)

    async def _clear_faults(self, request: web.Request) -> web.Response:
        self.faults.clear()
        return _json({"ok": True})

    async def _stats(self, request: web.Request) -> web.Response:
        return _json({"calls": dict(self.calls), "now": self.clock.now().isoformat()})

    async def _clear_stats(self, request: web.Request) -> web.Response:
        self.calls.clear()
        return _json({"ok": True})

    async def _set_quota(self, request: web.Request) -> web.Response:
        try:
            wanted = await request.json()
            per_day, per_minute = int(wanted["per_day"]), int(wanted["per_minute"])
        except (KeyError, TypeError, ValueError):
            return _json({"error": "per_day and per_minute must be whole numbers."}, status=400)
        self.quotas.per_day, self.quotas.per_minute = per_day, per_minute
        self.quotas.reset()
        return _json({"ok": True})

    async def _move_clock(self, request: web.Request) -> web.Response:
        try:
            self.clock.advance(float((await request.json())["seconds"]))
        except (KeyError, TypeError, ValueError):
            return _json({"error": "seconds must be a number."}, status=400)
        return _json({"now": self.clock.now().isoformat()})


async def _fail(
    request: web.Request,
    fault: Fault,
    good: Callable[[], Awaitable[web.Response]],
    headers: Mapping[str, str],
) -> web.StreamResponse:
    if fault.kind in API_ERRORS or fault.kind in _STATUSES:
        return _refusal(request, fault.kind, headers)
    if fault.kind == "slow":
        await asyncio.sleep(fault.seconds)
        return await good()
    if fault.kind == "drip":
        return await _drip(request, await good(), fault.seconds)
    if fault.kind == "drop":
        if request.transport is not None:
            request.transport.abort()
        return web.Response()
    return _spoilt(fault.kind, await good())


def _refusal(request: web.Request, kind: str, headers: Mapping[str, str]) -> web.Response:
    if kind in _STATUSES:
        return _json({"message": "sandbox fault"}, status=_STATUSES[kind], headers=headers)
    body = _refused(request.match_info["endpoint"], dict(request.query), kind)
    return _json(body, headers=headers)


def _spoilt(kind: str, whole: web.Response) -> web.Response:
    """Return a complete answer whose body is not the data."""
    if kind == "html":
        return web.Response(text=_PAGE, content_type="text/html")
    body = whole.body if kind == "truncated" and isinstance(whole.body, bytes) else b""
    return web.Response(body=body[: len(body) // 2], content_type="application/json")


async def _drip(request: web.Request, whole: web.Response, pause: float) -> web.StreamResponse:
    """Send the answer a byte at a time: every byte is in time, the whole never is."""
    response = web.StreamResponse(headers={"content-type": "application/json"})
    await response.prepare(request)
    body = whole.body if isinstance(whole.body, bytes) else b""
    for byte in body:
        await response.write(bytes([byte]))
        await asyncio.sleep(pause)
    return response


def _refused(endpoint: str, params: Mapping[str, str], kind: str) -> dict[str, Any]:
    return apisports_wire.envelope(endpoint, params, [], errors=API_ERRORS[kind])


def _json(
    body: Any, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    return web.json_response(
        body, status=status, headers={"cache-control": "no-store", **(headers or {})}
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
