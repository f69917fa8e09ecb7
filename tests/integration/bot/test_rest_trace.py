"""What of discord.py's traffic is counted as calls of Discord's REST API."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from discord.http import Route

from bot.rest_trace import rest_trace
from dbsbm.monitor.readings.discord_calls import DiscordCall

TOKEN = "aW50ZXJhY3Rpb246secret"


@pytest.fixture
async def discord() -> AsyncIterator[TestServer]:
    async def answer(request: web.Request) -> web.Response:
        if request.path.endswith("shared"):
            return web.Response(status=429, headers={"X-RateLimit-Scope": "shared"})
        return web.Response(status=404 if "missing" in request.path else 200)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server:
        yield server


async def test_every_rest_call_of_discord_py_is_seen_and_nothing_else(
    discord: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Route, "BASE", str(discord.make_url("/api/v10")))
    me = discord.make_url("/api/v10/users/@me")
    calls: list[DiscordCall] = []
    trace = rest_trace(calls.append)
    async with aiohttp.ClientSession(trace_configs=[trace]) as session:
        for path in (
            f"/api/v10/interactions/123/{TOKEN}/callback",
            "/api/v10/channels/5/missing",
            "/api/v10/users/shared",
            "/avatars/1/a.png",
            "/gateway",
        ):
            await session.post(discord.make_url(path))
        await discord.close()
        with pytest.raises(aiohttp.ClientError):
            await session.get(me)
    assert [(call.route, call.status, call.shared) for call in calls] == [
        ("POST /interactions/{id}/{token}/callback", 200, False),
        ("POST /channels/{id}/missing", 404, False),
        ("POST /users/shared", 429, True),
        ("GET /users/@me", None, False),
    ]
    assert all(0 < call.seconds < 60 for call in calls)
