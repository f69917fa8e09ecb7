"""Gateway sessions: numbered events, kept for a while so that a lost socket can resume."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag

from dbsbm.sandbox.discord.jsonio import Json, dumps


class Op(IntEnum):
    """Gateway opcodes."""

    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    PRESENCE = 3
    VOICE_STATE = 4
    RESUME = 6
    RECONNECT = 7
    REQUEST_MEMBERS = 8
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11


class Intent(IntFlag):
    """The intents that change what this stand-in sends."""

    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    MESSAGE_CONTENT = 1 << 15


PRIVILEGED = Intent.GUILD_MEMBERS | Intent.GUILD_PRESENCES | Intent.MESSAGE_CONTENT


@dataclass(frozen=True, slots=True)
class Close:
    """Tells a connection's writer to close the socket with a code."""

    code: int
    reason: str = ""


Outbox = asyncio.Queue[str | Close]


@dataclass(slots=True, kw_only=True)
class Session:
    """What survives of a connection when its socket is lost.

    Attributes:
        intents: The intents it identified with.
        shard: (number, count).
        capacity: Events kept for a resume.
        outbox: Where a connected socket's frames queue; None while there is no socket.
    """

    intents: int
    shard: tuple[int, int]
    capacity: int
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    outbox: Outbox | None = None
    seq: int = 0
    kept: deque[tuple[int, str]] = field(default_factory=deque)

    def covers(self, guild_id: str) -> bool:
        """Say whether a guild belongs to the session's shard."""
        number, count = self.shard
        return (int(guild_id) >> 22) % count == number

    def push(self, event: str, data: Json) -> None:
        """Send an event, or keep it until the session resumes."""
        self.seq += 1
        frame = dumps({"op": Op.DISPATCH, "t": event, "s": self.seq, "d": data})
        self.kept.append((self.seq, frame))
        if len(self.kept) > self.capacity:
            self.kept.popleft()
        if self.outbox is not None:
            self.outbox.put_nowait(frame)

    def missed_since(self, seq: int) -> list[str] | None:
        """Return the frames after a sequence number, or None if some are lost for good."""
        first_kept = self.kept[0][0] if self.kept else self.seq + 1
        if seq > self.seq or seq + 1 < first_kept:
            return None
        return [frame for number, frame in self.kept if number > seq]


class GatewayHub:
    """All sessions of the bot, and the faults an operator can cause on them.

    Args:
        resume_seconds: How long a session without a socket is kept.
        on_change: Called when a bot comes or goes.
    """

    def __init__(self, resume_seconds: float, on_change: Callable[[], None]) -> None:
        self._resume_seconds = resume_seconds
        self._on_change = on_change
        self._sessions: dict[str, Session] = {}
        self.identified = 0
        self.resumed = 0
        self.acks_heartbeats = True

    @property
    def sessions(self) -> list[Session]:
        """Every session, connected or resumable."""
        return list(self._sessions.values())

    @property
    def connected(self) -> list[Session]:
        """The sessions that have a socket."""
        return [s for s in self._sessions.values() if s.outbox is not None]

    def find(self, session_id: str) -> Session | None:
        """Return a session that can still be resumed."""
        return self._sessions.get(session_id)

    def attach(self, session: Session, outbox: Outbox) -> None:
        """Give a session its socket; an older socket of the same session is closed."""
        if session.outbox is not None:
            session.outbox.put_nowait(Close(4000, "Session resumed elsewhere"))
        session.outbox = outbox
        self._sessions[session.id] = session
        self._on_change()

    def detach(self, session: Session, outbox: Outbox, *, forget: bool) -> None:
        """Take a lost socket from its session.

        Args:
            session: The session.
            outbox: The lost socket's; ignored where the session has another one by now.
            forget: The client said goodbye, so nothing is kept for a resume.
        """
        if session.outbox is not outbox:
            return
        session.outbox = None
        if forget:
            self._sessions.pop(session.id, None)
        else:
            loop = asyncio.get_running_loop()
            loop.call_later(self._resume_seconds, self._expire, session)
        self._on_change()

    def _expire(self, session: Session) -> None:
        if session.outbox is None:
            self._sessions.pop(session.id, None)
            self._on_change()

    def dispatch(self, event: str, data: Json, guild_id: str, intent: int = 0) -> int:
        """Send an event to every session that covers the guild and asked for it.

        Returns:
            How many connected sessions it went to.
        """
        reached = 0
        for session in self.sessions:
            if session.covers(guild_id) and session.intents & intent == intent:
                session.push(event, data)
                reached += session.outbox is not None
        return reached

    def send_all(self, frame: Json | Close) -> int:
        """Send a control frame, or a close, to every connected socket."""
        connected = self.connected
        for session in connected:
            if session.outbox is not None:
                session.outbox.put_nowait(frame if isinstance(frame, Close) else dumps(frame))
        return len(connected)
