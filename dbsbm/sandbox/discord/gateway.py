"""The gateway: one websocket connection's life, from HELLO to its close code."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import logging

from aiohttp import WSMsgType, web

from dbsbm.sandbox.discord.core import Core
from dbsbm.sandbox.discord.jsonio import Json, dumps
from dbsbm.sandbox.discord.sessions import PRIVILEGED, Close, Intent, Op, Outbox, Session
from dbsbm.sandbox.discord.transports import Transport, choose_transport

log = logging.getLogger(__name__)

GATEWAY_PATH = "/gateway"
_MAX_FRAME = 16 * 1024
_KNOWN_INTENTS = (1 << 26) - 1
_VERSIONS = {"10", "9"}
_GONE = {WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR}
_MEMBERS_PER_CHUNK = 1_000


class _Closed(Exception):
    """The connection must be closed with a gateway close code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.close = Close(code, reason)


class Connection:
    """One client's websocket.

    Args:
        core: The stand-in's state.
        socket: The prepared websocket.
        transport: How frames travel.
        resume_url: Where the client shall come back to resume.
    """

    def __init__(
        self, core: Core, socket: web.WebSocketResponse, transport: Transport, resume_url: str
    ) -> None:
        self._core = core
        self._socket = socket
        self._transport = transport
        self._resume_url = resume_url
        self._outbox: Outbox = asyncio.Queue()
        self._session: Session | None = None
        self._said_goodbye = False

    async def run(self) -> None:
        """Serve the connection until it closes."""
        interval = int(self._core.config.heartbeat_seconds * 1000)
        self._send({"op": Op.HELLO, "t": None, "s": None, "d": {"heartbeat_interval": interval}})
        writer = asyncio.create_task(self._write())
        try:
            await self._read()
        except _Closed as closed:
            self._outbox.put_nowait(closed.close)
            await writer
        finally:
            if self._session is not None:
                self._core.hub.detach(self._session, self._outbox, forget=self._said_goodbye)
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writer

    def _send(self, frame: Json) -> None:
        self._outbox.put_nowait(dumps(frame))

    async def _write(self) -> None:
        # A client that stops reading is cut off by the missing heartbeats, so the queue is bounded.
        with contextlib.suppress(ConnectionError):
            while True:
                item = await self._outbox.get()
                if isinstance(item, Close):
                    await self._socket.close(code=item.code, message=item.reason.encode())
                    return
                data = self._transport.encode(item)
                if isinstance(data, str):
                    await self._socket.send_str(data)
                else:
                    await self._socket.send_bytes(data)

    async def _read(self) -> None:
        patience = self._core.config.heartbeat_seconds * 2
        while True:
            try:
                message = await self._socket.receive(timeout=patience)
            except TimeoutError:
                raise _Closed(4009, "Session timed out.") from None
            if message.type in _GONE:
                # A client that closes with 1000 or 1001 ends its session for good; after anything
                # else, and after a close from this side, it may resume.
                by_client = message.type is WSMsgType.CLOSE
                self._said_goodbye = by_client and message.data in (1000, 1001)
                return
            self._receive(message.data)

    def _receive(self, raw: str | bytes) -> None:
        try:
            frame = json.loads(raw)
            op, data = frame["op"], frame.get("d")
        except (ValueError, TypeError, KeyError):
            raise _Closed(4002, "Error while decoding payload.") from None
        if op == Op.HEARTBEAT:
            if self._core.hub.acks_heartbeats:
                self._send({"op": Op.HEARTBEAT_ACK, "t": None, "s": None, "d": None})
        elif op == Op.IDENTIFY:
            self._identify(_fields(data))
        elif op == Op.RESUME:
            self._resume(_fields(data))
        elif self._session is None:
            raise _Closed(4003, "Not authenticated.")
        elif op == Op.REQUEST_MEMBERS:
            self._send_members(self._session, _fields(data))
        elif op not in (Op.PRESENCE, Op.VOICE_STATE):
            raise _Closed(4001, "Unknown opcode.")

    def _check_token(self, fields: Json) -> None:
        given = str(fields.get("token", "")).removeprefix("Bot ")
        if not hmac.compare_digest(given.encode(), self._core.token.encode()):
            raise _Closed(4004, "Authentication failed.")

    def _identify(self, fields: Json) -> None:
        if self._session is not None:
            raise _Closed(4005, "Already authenticated.")
        self._check_token(fields)
        self._session = session = Session(
            intents=self._intents(fields),
            shard=_shard(fields),
            capacity=self._core.config.session_events,
        )
        self._core.hub.identified += 1
        self._core.hub.attach(session, self._outbox)
        guild_ids = [g for g in self._core.world.guilds if session.covers(g)]
        session.push("READY", self._ready(session, guild_ids))
        if session.intents & Intent.GUILDS:
            for guild_id in guild_ids:
                session.push("GUILD_CREATE", self._guild_created(session, guild_id))
        log.info("A bot connected to the gateway", extra={"action": "standin.identify"})

    def _intents(self, fields: Json) -> int:
        intents = fields.get("intents")
        if not isinstance(intents, int) or intents & ~_KNOWN_INTENTS:
            raise _Closed(4013, "Invalid intent(s).")
        if intents & PRIVILEGED and not self._core.config.privileged_intents:
            raise _Closed(4014, "Disallowed intent(s).")
        return intents

    def _ready(self, session: Session, guild_ids: list[str]) -> Json:
        world = self._core.world
        return {
            "v": 10,
            "user": {
                **world.bot.payload(),
                "mfa_enabled": True,
                "verified": True,
                "email": None,
                "flags": 0,
            },
            "guilds": [{"id": g, "unavailable": True} for g in guild_ids],
            "session_id": session.id,
            "resume_gateway_url": self._resume_url,
            "shard": list(session.shard),
            "application": {"id": world.application_id, "flags": 0},
            "session_type": "normal",
            "private_channels": [],
        }

    def _guild_created(self, session: Session, guild_id: str) -> Json:
        world = self._core.world
        all_members = session.intents & Intent.GUILD_MEMBERS
        return world.guild(guild_id).created_payload(None if all_members else {world.bot.id})

    def _resume(self, fields: Json) -> None:
        if self._session is not None:
            raise _Closed(4005, "Already authenticated.")
        self._check_token(fields)
        session = self._core.hub.find(str(fields.get("session_id")))
        seq = fields.get("seq")
        missed = session.missed_since(seq) if session and isinstance(seq, int) else None
        if session is None or missed is None:
            self._send({"op": Op.INVALID_SESSION, "t": None, "s": None, "d": False})
            return
        self._session = session
        self._core.hub.resumed += 1
        self._core.hub.attach(session, self._outbox)
        for frame in missed:
            self._outbox.put_nowait(frame)
        session.push("RESUMED", {})
        log.info("A bot resumed its session", extra={"action": "standin.resume"})

    def _send_members(self, session: Session, fields: Json) -> None:
        guild = self._core.world.guilds.get(str(fields.get("guild_id")))
        if guild is None:
            return
        found = [m for m in guild.members.values() if _wanted(fields, m.id, m.name)]
        limit = int(fields.get("limit") or 0)
        found = found[:limit] if limit else found
        chunks = [
            found[i : i + _MEMBERS_PER_CHUNK]
            for i in range(0, max(len(found), 1), _MEMBERS_PER_CHUNK)
        ]
        for index, chunk in enumerate(chunks):
            payload: Json = {
                "guild_id": guild.id,
                "members": [m.payload() for m in chunk],
                "chunk_index": index,
                "chunk_count": len(chunks),
                "not_found": [],
                "presences": [],
            }
            if fields.get("nonce"):
                payload["nonce"] = fields["nonce"]
            session.push("GUILD_MEMBERS_CHUNK", payload)


def _fields(data: object) -> Json:
    if not isinstance(data, dict):
        raise _Closed(4002, "Error while decoding payload.")
    return data


def _shard(fields: Json) -> tuple[int, int]:
    try:
        number, count = map(int, fields.get("shard") or (0, 1))
    except (TypeError, ValueError):
        raise _Closed(4010, "Invalid shard.") from None
    if not 0 <= number < count:
        raise _Closed(4010, "Invalid shard.")
    return number, count


def _wanted(fields: Json, member_id: str, name: str) -> bool:
    ids = fields.get("user_ids")
    if ids is not None:
        return member_id in (map(str, ids) if isinstance(ids, list) else [str(ids)])
    return name.lower().startswith(str(fields.get("query") or "").lower())


def gateway_url(request: web.Request) -> str:
    """Return the gateway's address as the client that asks reaches this server."""
    return f"ws://{request.host}{GATEWAY_PATH}"


async def serve_gateway(core: Core, request: web.Request) -> web.StreamResponse:
    """Answer a websocket request.

    Args:
        core: The stand-in's state.
        request: The upgrade request; its query says version and compression.
    """
    socket = web.WebSocketResponse(compress=False, max_msg_size=_MAX_FRAME)
    await socket.prepare(request)
    transport = choose_transport(request.query.get("compress"))
    if request.query.get("v") not in _VERSIONS:
        await socket.close(code=4012, message=b"Invalid API version")
    elif transport is None or request.query.get("encoding", "json") != "json":
        await socket.close(code=4002, message=b"Unknown encoding or compression")
    else:
        with core.sockets.track(request):
            await Connection(core, socket, transport, gateway_url(request)).run()
    return socket
