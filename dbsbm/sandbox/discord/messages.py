"""Messages: one record, and the ring that keeps the newest of each channel."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntFlag

from dbsbm.sandbox.discord.cdn import Attachment
from dbsbm.sandbox.discord.embeds import attachment_names, resolve_media, store_embed
from dbsbm.sandbox.discord.errors import unknown
from dbsbm.sandbox.discord.jsonio import Json
from dbsbm.sandbox.discord.world import Member, User

DEFAULT, REPLY, COMMAND_RESPONSE = 0, 19, 20


class MessageFlags(IntFlag):
    """The message flags a bot may set, and the one Discord sets while it thinks."""

    SUPPRESS_EMBEDS = 1 << 2
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    COMPONENTS_V2 = 1 << 15


@dataclass(slots=True, kw_only=True)
class Message:
    """A message in a channel.

    Attributes:
        visible_to: Id of the only member who sees it, for an ephemeral message.
        interaction_id: The interaction it answers, if any.
        metadata: Discord's `interaction_metadata` object.
        invoked: Discord's older `interaction` object, which names the command.
        reply_to: Id of the message it refers to.
        created_at: Seconds since the Unix epoch.
        edited_at: The same for the last edit that shows as one.
    """

    id: str
    channel_id: str
    guild_id: str
    author: User
    created_at: float
    kind: int = DEFAULT
    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    flags: int = 0
    mentions: list[Member] = field(default_factory=list)
    mention_roles: list[str] = field(default_factory=list)
    mention_everyone: bool = False
    nonce: str | int | None = None
    edited_at: float | None = None
    visible_to: str | None = None
    interaction_id: str | None = None
    metadata: Json | None = None
    invoked: Json | None = None
    reply_to: str | None = None

    @property
    def loading(self) -> bool:
        """Whether it still shows "is thinking"."""
        return bool(self.flags & MessageFlags.LOADING)

    def payload(self, base_url: str) -> Json:
        """Return the message object.

        Args:
            base_url: Where the CDN path is served.
        """
        media = {a.filename: a.media(base_url) for a in self.attachments}
        shown = attachment_names(self.embeds)
        body: Json = {
            "id": self.id,
            "type": self.kind,
            "channel_id": self.channel_id,
            "author": self.author.payload(),
            "content": self.content,
            "timestamp": iso(self.created_at),
            "edited_timestamp": None if self.edited_at is None else iso(self.edited_at),
            "tts": False,
            "pinned": False,
            "flags": self.flags,
            "mention_everyone": self.mention_everyone,
            "mentions": [member.user.payload() for member in self.mentions],
            "mention_roles": self.mention_roles,
            "embeds": [store_embed(embed, media) for embed in self.embeds],
            "components": _resolved(self.components, media),
            "attachments": [
                a.payload(base_url) for a in self.attachments if a.filename not in shown
            ],
        }
        return body | self._optional_fields()

    def _optional_fields(self) -> Json:
        fields: Json = {}
        if self.nonce is not None:
            fields["nonce"] = self.nonce
        if self.author.bot:
            fields["application_id"] = self.author.id
        if self.metadata is not None:
            fields |= {"webhook_id": self.author.id, "interaction_metadata": self.metadata}
        if self.invoked is not None:
            fields["interaction"] = self.invoked
        if self.reply_to is not None:
            fields["message_reference"] = {
                "type": 0,
                "channel_id": self.channel_id,
                "guild_id": self.guild_id,
                "message_id": self.reply_to,
            }
        return fields


def _resolved(components: list[Json], media: dict[str, Json]) -> list[Json]:
    return [_resolved_one(component, media) for component in components] if media else components


def _resolved_one(component: Json, media: dict[str, Json]) -> Json:
    resolved = dict(component)
    for key in ("components", "items"):
        if isinstance(resolved.get(key), list):
            resolved[key] = [_resolved_one(child, media) for child in resolved[key]]
    if isinstance(resolved.get("accessory"), dict):
        resolved["accessory"] = _resolved_one(resolved["accessory"], media)
    for key in ("media", "file"):
        if isinstance(resolved.get(key), dict):
            resolved[key] = resolve_media(resolved[key], media)
    return resolved


def iso(moment: float) -> str:
    """Return a time as Discord writes it."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")


class MessageStore:
    """The newest messages of every channel, and the nonces of the last minutes.

    Args:
        wall: Seconds since the Unix epoch.
        kept: Messages remembered for each channel.
        nonce_seconds: How long an enforced nonce is remembered.
    """

    def __init__(self, wall: Callable[[], float], kept: int, nonce_seconds: float) -> None:
        self._wall = wall
        self._kept = kept
        self._nonce_seconds = nonce_seconds
        self._channels: dict[str, OrderedDict[str, Message]] = {}
        self._nonces: OrderedDict[tuple[str, str], tuple[float, Message]] = OrderedDict()

    def __len__(self) -> int:
        return sum(map(len, self._channels.values()))

    def add(self, message: Message) -> None:
        """Remember a message, forgetting the channel's oldest where the ring is full."""
        ring = self._channels.setdefault(message.channel_id, OrderedDict())
        ring[message.id] = message
        if len(ring) > self._kept:
            ring.popitem(last=False)

    def get(self, channel_id: str, message_id: str) -> Message:
        """Return a message, or raise Discord's 10008."""
        try:
            return self._channels[channel_id][message_id]
        except KeyError:
            raise unknown("Message") from None

    def remove(self, message: Message) -> None:
        """Forget a message, if it is still known."""
        self._channels.get(message.channel_id, OrderedDict()).pop(message.id, None)

    def newest(self, channel_id: str, limit: int) -> list[Message]:
        """Return a channel's last messages, oldest first."""
        return list(self._channels.get(channel_id, {}).values())[-limit:]

    def with_nonce(self, author_id: str, nonce: str | int) -> Message | None:
        """Return the message an author sent with this nonce in the last minutes."""
        self._forget_nonces()
        found = self._nonces.get((author_id, str(nonce)))
        return None if found is None else found[1]

    def remember_nonce(self, message: Message) -> None:
        """Let the message be found by its author and nonce for some minutes."""
        self._nonces[message.author.id, str(message.nonce)] = (self._wall(), message)

    def _forget_nonces(self) -> None:
        horizon = self._wall() - self._nonce_seconds
        while self._nonces and next(iter(self._nonces.values()))[0] < horizon:
            self._nonces.popitem(last=False)
