"""Interactions: what a member did, how the bot answered, and what can be waited for."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum

from dbsbm.sandbox.discord.jsonio import Json
from dbsbm.sandbox.discord.messages import Message, iso
from dbsbm.sandbox.discord.world import Channel, Guild, Member

NO_RESPONSE = "The application did not respond"
_HISTORY_KEPT = 20


class InteractionType(IntEnum):
    """What a member did."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL_SUBMIT = 5


class CallbackType(IntEnum):
    """How a bot answers first."""

    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    CHOICES = 8
    MODAL = 9


@dataclass(frozen=True, slots=True)
class Ack:
    """The first answer.

    Attributes:
        kind: What it was.
        ms: Milliseconds from the dispatch to the gateway until it came.
        at: When, in seconds since the Unix epoch.
        ephemeral: Whether only the member sees the answer.
    """

    kind: CallbackType
    ms: float
    at: float
    ephemeral: bool


@dataclass(slots=True, kw_only=True)
class Interaction:
    """One interaction from its dispatch to the end of its token.

    Attributes:
        label: What the page shows, such as "/bet place".
        source: The message whose component was used.
        parent: The interaction whose modal was submitted.
        dispatched: `time.perf_counter()` when it went to the gateway.
        sessions: How many gateway sessions got it.
        failure: What the member reads where the bot failed.
        original: The message of the first answer, once there is one.
        history: Every state the original had, with its time.
        edits: How often the original was filled or edited, also beyond the kept history.
        late: First answers that came too late.
    """

    id: str
    token: str
    kind: InteractionType
    guild: Guild
    channel: Channel
    member: Member
    label: str
    created_at: float
    source: Message | None = None
    parent: Interaction | None = None
    dispatched: float = field(default_factory=time.perf_counter)
    sessions: int = 0
    ack: Ack | None = None
    failure: str | None = None
    expired: bool = False
    original: Message | None = None
    original_deleted: bool = False
    answered_ms: float | None = None
    history: deque[Json] = field(default_factory=lambda: deque(maxlen=_HISTORY_KEPT))
    edits: int = 0
    followups: list[Message] = field(default_factory=list)
    modal: Json | None = None
    choices: list[Json] | None = None
    late: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    deadline: asyncio.TimerHandle | None = None

    def elapsed_ms(self) -> float:
        """Return the milliseconds since the dispatch."""
        return (time.perf_counter() - self.dispatched) * 1000

    @property
    def answered(self) -> bool:
        """Whether the member sees an answer: a message, a modal, choices, or an update."""
        return self.answered_ms is not None

    @property
    def state(self) -> str:
        """What the member sees: pending, thinking, answered or failed."""
        if self.failure is not None:
            return "failed"
        if self.ack is None:
            return "pending"
        return "answered" if self.answered else "thinking"

    def touch(self) -> None:
        """Wake everyone who waits for a change."""
        self.changed.set()
        self.changed = asyncio.Event()

    def record_original(self, base_url: str, at: float) -> None:
        """Note the state of the original after it was sent, filled or edited."""
        if self.original is None:
            return
        if not self.original.loading:
            self.edits += 1
            self.mark_answered()
        payload = self.original.payload(base_url)
        self.history.append({"at": iso(at), "ms": round(self.elapsed_ms(), 3), "message": payload})

    def mark_answered(self) -> None:
        """Note that the member now sees an answer."""
        if self.answered_ms is None:
            self.answered_ms = self.elapsed_ms()

    def metadata(self) -> Json:
        """Return the `interaction_metadata` of the messages that answer it."""
        data: Json = {
            "id": self.id,
            "type": int(self.kind),
            "user": self.member.user.payload(),
            "authorizing_integration_owners": {"0": self.guild.id},
        }
        if self.kind is InteractionType.COMMAND:
            data["command_type"] = 1
        if self.kind is InteractionType.COMPONENT and self.source is not None:
            data["interacted_message_id"] = self.source.id
        if self.kind is InteractionType.MODAL_SUBMIT and self.parent is not None:
            data["triggering_interaction_metadata"] = self.parent.metadata()
        return data

    def invoked(self) -> Json | None:
        """Return the older `interaction` object, which only answers to commands carry."""
        if self.kind is not InteractionType.COMMAND:
            return None
        name, user = self.label.removeprefix("/"), self.member.user.payload()
        return {"id": self.id, "type": int(self.kind), "name": name, "user": user}

    def view(self, base_url: str) -> Json:
        """Return what the control API shows."""
        return {
            "id": self.id,
            "kind": self.kind.name.lower(),
            "label": self.label,
            "state": self.state,
            "guild_id": self.guild.id,
            "channel_id": self.channel.id,
            "member_id": self.member.id,
            "created_at": iso(self.created_at),
            "sessions": self.sessions,
            "ack": None if self.ack is None else _ack_view(self.ack),
            "answered_ms": _rounded(self.answered_ms),
            "error": self.failure,
            "late_answers": self.late,
            "edits": self.edits,
            "original": None if self.original is None else message_view(self.original, base_url),
            "original_deleted": self.original_deleted,
            "history": list(self.history),
            "followups": [message_view(m, base_url) for m in self.followups],
            "modal": self.modal,
            "choices": self.choices,
        }


def message_view(message: Message, base_url: str) -> Json:
    """Return a message as the control API shows it: the payload, and every file it carries."""
    return {
        **message.payload(base_url),
        "loading": message.loading,
        "visible_to": message.visible_to,
        "interaction_id": message.interaction_id,
        "files": [a.payload(base_url) for a in message.attachments],
    }


def _ack_view(ack: Ack) -> Json:
    return {
        "kind": ack.kind.name.lower(),
        "type": int(ack.kind),
        "ms": _rounded(ack.ms),
        "at": iso(ack.at),
        "ephemeral": ack.ephemeral,
    }


def _rounded(ms: float | None) -> float | None:
    return None if ms is None else round(ms, 3)
