"""Waiting for something to happen, as a long poll or as a stream of events."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from aiohttp import web

from dbsbm.sandbox.discord.core import Core
from dbsbm.sandbox.discord.errors import Refusal
from dbsbm.sandbox.discord.interactions import Interaction, message_view
from dbsbm.sandbox.discord.jsonio import Json, dumps, json_response
from dbsbm.sandbox.discord.messages import Message

_MAX_WAIT = 300.0
_KEEP_ALIVE_SECONDS = 15.0

_CONDITIONS: dict[str, Callable[[Interaction, int], bool]] = {
    "ack": lambda i, _: i.ack is not None or i.failure is not None,
    "answer": lambda i, _: i.answered or i.failure is not None,
    "edits": lambda i, count: i.edits >= count or i.failure is not None,
    "followups": lambda i, count: len(i.followups) >= count or i.failure is not None,
    "failure": lambda i, _: i.failure is not None,
    "late": lambda i, count: i.late >= count,
}


class WaitRoutes:
    """Long polls, and the event stream the page lives on.

    Args:
        core: The stand-in's state.
    """

    def __init__(self, core: Core) -> None:
        self._core = core

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/interactions/{interaction_id}/wait", self._interaction),
            web.get("/bot/wait", self._bot),
            web.get("/channels/{channel_id}/messages/wait", self._messages),
            web.get("/events", self._events),
        ]

    async def _interaction(self, request: web.Request) -> web.Response:
        interaction = self._core.interactions.get(request.match_info["interaction_id"])
        name, count = request.query.get("for", "answer"), _whole(request, "count", 1)
        condition = _CONDITIONS.get(name)
        if condition is None:
            raise Refusal(f"Waiting is for one of: {', '.join(_CONDITIONS)}.")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_patience(request)):
                while not condition(interaction, count):
                    await interaction.changed.wait()
        met = condition(interaction, count)
        return json_response(interaction.view(self._core.base_url), 200 if met else 408)

    async def _bot(self, request: web.Request) -> web.Response:
        least = _whole(request, "commands", 0)
        with self._core.feed.listen() as events, contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_patience(request)):
                while not self._is_ready(least):
                    await events.get()
        ready = self._is_ready(least)
        return json_response({"connected": bool(self._core.hub.connected)}, 200 if ready else 408)

    def _is_ready(self, least: int) -> bool:
        registered = sum(
            len(self._core.commands.listed(scope)) for scope in (None, *self._core.world.guilds)
        )
        return bool(self._core.hub.connected) and registered >= least

    async def _messages(self, request: web.Request) -> web.Response:
        channel_id, count = request.match_info["channel_id"], _whole(request, "count", 1)
        after = _whole(request, "after", 0)
        self._core.world.channel(channel_id)
        with self._core.feed.listen() as events, contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_patience(request)):
                while len(self._newer(channel_id, after)) < count:
                    await events.get()
        found = self._newer(channel_id, after)
        body = [message_view(m, self._core.base_url) for m in found]
        return json_response(body, 200 if len(found) >= count else 408)

    def _newer(self, channel_id: str, after: int) -> list[Message]:
        kept = self._core.messages.newest(channel_id, self._core.config.messages_kept)
        return [m for m in kept if int(m.id) > after and not m.loading]

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        with self._core.feed.listen() as events, contextlib.suppress(ConnectionError):
            await response.write(b"retry: 1000\n\n")
            await self._stream(response, events)
        return response

    async def _stream(self, response: web.StreamResponse, events: asyncio.Queue[Json]) -> None:
        while True:
            try:
                async with asyncio.timeout(_KEEP_ALIVE_SECONDS):
                    event = await events.get()
            except TimeoutError:
                await response.write(b": still here\n\n")
                continue
            await response.write(f"data: {dumps(event)}\n\n".encode())
            if event["type"] == "stopping":
                return


def _whole(request: web.Request, name: str, default: int) -> int:
    given = request.query.get(name, str(default))
    if not given.isascii() or not given.isdigit():
        raise Refusal(f"{name} is a whole number.")
    return int(given)


def _patience(request: web.Request) -> float:
    try:
        seconds = float(request.query.get("timeout", "30"))
    except ValueError:
        raise Refusal("timeout is a number of seconds.") from None
    if not 0 <= seconds <= _MAX_WAIT:
        raise Refusal(f"timeout is 0 to {_MAX_WAIT:.0f} seconds.")
    return seconds
