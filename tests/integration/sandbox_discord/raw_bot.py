"""A bot without a library: one gateway websocket and bare HTTP, to see the protocol itself."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Self

import aiohttp

from dbsbm.sandbox.discord.app import DiscordStandin
from dbsbm.sandbox.discord.default_world import BOT

TOKEN = "MTMyMDAwMDAwMDAwMDAwMDAwMQ.tests.only"
GUILDS = 1
GUILD_MESSAGES = 1 << 9
Json = dict[str, Any]


class RawBot:
    """Speaks to a stand-in; use as `async with RawBot(standin) as bot`."""

    def __init__(self, standin: DiscordStandin) -> None:
        self.standin = standin
        self.seq: int | None = None

    async def __aenter__(self) -> Self:
        self.http = aiohttp.ClientSession(headers={"Authorization": f"Bot {TOKEN}"})
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.close()

    async def connect(self, query: str = "v=10&encoding=json") -> aiohttp.ClientWebSocketResponse:
        self.socket = await self.http.ws_connect(f"{self.standin.gateway_url}?{query}")
        return self.socket

    async def send(self, op: int, data: object) -> None:
        await self.socket.send_json({"op": op, "d": data})

    async def frame(self) -> Json:
        message = await self.socket.receive(timeout=5)
        assert message.type is aiohttp.WSMsgType.TEXT, message
        frame: Json = json.loads(message.data)
        self.seq = frame.get("s") or self.seq
        return frame

    async def closed_with(self) -> int:
        """Read on until the server closes, and return its code."""
        while True:
            message = await self.socket.receive(timeout=5)
            if message.type is aiohttp.WSMsgType.CLOSE:
                return int(message.data)
            assert message.type is not aiohttp.WSMsgType.CLOSED, "closed without a code"

    async def event(self, name: str) -> Json:
        """Read on until an event comes, and return its data."""
        while True:
            frame = await self.frame()
            if frame["t"] == name:
                data: Json = frame["d"]
                return data

    async def identify(self, intents: int = GUILDS, **more: object) -> Json:
        """Connect, identify, and return the READY event."""
        await self.connect()
        assert (await self.frame())["op"] == 10
        await self.send(2, {"token": TOKEN, "intents": intents, "properties": {}, **more})
        ready = await self.event("READY")
        if intents & GUILDS:
            for _ in ready["guilds"]:
                await self.event("GUILD_CREATE")
        return ready

    async def rest(self, method: str, path: str, **more: Any) -> tuple[int, Any]:
        """Send a REST request and return its status and its JSON."""
        async with self.http.request(method, self.standin.api_url + path, **more) as response:
            return response.status, await response.json() if response.status != 204 else None

    async def control(self, method: str, path: str, **more: Any) -> tuple[int, Any]:
        """Send a request to the control API and return its status and its JSON."""
        url = f"{self.standin.url}/standin{path}"
        async with self.http.request(method, url, **more) as response:
            return response.status, await response.json() if response.status != 204 else None

    async def register(self, *commands: Json, guild: str | None = None) -> Any:
        """Overwrite the global commands, or those of a guild, and return them."""
        scope = "" if guild is None else f"/guilds/{guild}"
        path = f"/applications/{BOT.id}{scope}/commands"
        status, body = await self.rest("PUT", path, json=list(commands))
        assert status == 200, body
        return body

    async def interaction(self, command: str = "ping", **body: Any) -> Json:
        """Let the default member run a command, and return the INTERACTION_CREATE event."""
        given = {"command": command, **body}
        (status, answer), event = await asyncio.gather(
            self.control("POST", "/interactions", json=given), self.event("INTERACTION_CREATE")
        )
        assert status == 201, answer
        return event

    async def answer(self, interaction: Json, kind: int, data: Json | None = None, **more: Any):
        """Send a first answer."""
        path = f"/interactions/{interaction['id']}/{interaction['token']}/callback"
        body = {"type": kind, "data": data or {}}
        return await self.rest("POST", path, json=body, **more)

    def webhook(self, interaction: Json, rest: str = "") -> str:
        return f"/webhooks/{interaction['application_id']}/{interaction['token']}{rest}"


PING: Json = {"name": "ping", "description": "Say pong"}
