"""The stand-in's whole state, and the three things that happen to a message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aiohttp import web

from dbsbm.sandbox.discord.cdn import AttachmentStore
from dbsbm.sandbox.discord.command_registry import CommandRegistry
from dbsbm.sandbox.discord.config import StandinConfig
from dbsbm.sandbox.discord.drafts import MessageWriter
from dbsbm.sandbox.discord.faults import FaultBook
from dbsbm.sandbox.discord.ids import Snowflakes
from dbsbm.sandbox.discord.interaction_book import InteractionBook
from dbsbm.sandbox.discord.interactions import Interaction, message_view
from dbsbm.sandbox.discord.jsonio import Json
from dbsbm.sandbox.discord.live import LiveFeed
from dbsbm.sandbox.discord.messages import Message, MessageStore
from dbsbm.sandbox.discord.ratelimit import RateLimiter
from dbsbm.sandbox.discord.sessions import GatewayHub, Intent, Session
from dbsbm.sandbox.discord.stats import Stats
from dbsbm.sandbox.discord.world import World

_CONTENT_FIELDS: Json = {"content": "", "embeds": [], "attachments": [], "components": []}


class OpenSockets:
    """The TCP transports of gateway connections, so that a fault can cut them."""

    def __init__(self) -> None:
        self._transports: set[asyncio.Transport] = set()

    @contextmanager
    def track(self, request: web.Request) -> Iterator[None]:
        """Remember a request's transport for as long as the block lasts."""
        transport = request.transport
        if not isinstance(transport, asyncio.Transport):
            yield
            return
        self._transports.add(transport)
        try:
            yield
        finally:
            self._transports.discard(transport)

    def abort_all(self) -> int:
        """Cut every connection without a word, as a broken network does."""
        cut = list(self._transports)
        for transport in cut:
            transport.abort()
        return len(cut)


class Core:
    """Everything the routes work on.

    Args:
        token: The bot token that is accepted.
        config: Deadlines, sizes and limits.
        world: Guilds and people.
        wall: Seconds since the Unix epoch.

    Attributes:
        base_url: Where the server is reached, once it listens.
    """

    def __init__(
        self, token: str, config: StandinConfig, world: World, wall: Callable[[], float]
    ) -> None:
        self.token = token
        self.config = config
        self.world = world
        self.wall = wall
        self.base_url = ""
        self.snowflakes = Snowflakes(wall)
        self.files = AttachmentStore(self.snowflakes, config.attachment_bytes)
        self.messages = MessageStore(wall, config.messages_kept, config.nonce_seconds)
        self.interactions = InteractionBook(
            self.snowflakes,
            wall,
            kept=config.interactions_kept,
            token_seconds=config.token_seconds,
        )
        self.commands = CommandRegistry(world.application_id, self.snowflakes)
        self.writer = MessageWriter(self.files, wall)
        self.hub = GatewayHub(config.resume_seconds, self._tell_connected)
        self.sockets = OpenSockets()
        self.limiter = RateLimiter(config.rate_limits)
        self.faults = FaultBook()
        self.feed = LiveFeed()
        self.stats = Stats()

    def post(self, message: Message) -> None:
        """Store a new message and tell everyone who may see it."""
        self.messages.add(message)
        _, channel = self.world.channel(message.channel_id)
        if message.visible_to is None:
            channel.last_message_id = message.id
        self._tell("MESSAGE_CREATE", message)

    def changed(self, message: Message) -> None:
        """Tell everyone who may see it that a message changed."""
        self._tell("MESSAGE_UPDATE", message)

    def delete(self, message: Message) -> None:
        """Remove a message and tell everyone who could see it."""
        self.messages.remove(message)
        self.feed.publish(
            {"type": "deleted", "channel_id": message.channel_id, "message_id": message.id}
        )
        if message.visible_to is None:
            data = {
                "id": message.id,
                "channel_id": message.channel_id,
                "guild_id": message.guild_id,
            }
            intent = Intent.GUILD_MESSAGES
            self.hub.dispatch("MESSAGE_DELETE", data, message.guild_id, intent)

    def tell_interaction(self, interaction: Interaction) -> None:
        """Wake whoever waits for an interaction, and show its state on the page."""
        interaction.touch()
        if len(self.feed):
            view = interaction.view(self.base_url)
            view.pop("history")
            self.feed.publish({"type": "interaction", "interaction": view})

    def _tell_connected(self) -> None:
        self.feed.publish({"type": "bot", "connected": bool(self.hub.connected)})

    def _tell(self, event: str, message: Message) -> None:
        if len(self.feed):
            self.feed.publish({"type": "message", "message": message_view(message, self.base_url)})
        if message.visible_to is not None:
            return
        for session in self.hub.sessions:
            wanted = session.intents & Intent.GUILD_MESSAGES
            if wanted and session.covers(message.guild_id):
                session.push(event, self._for_session(message, session))

    def _for_session(self, message: Message, session: Session) -> Json:
        guild = self.world.guild(message.guild_id)
        data = {**message.payload(self.base_url), "guild_id": guild.id}
        author = guild.members.get(message.author.id)
        if author is not None:
            member = author.payload()
            del member["user"]
            data["member"] = member
        bot = self.world.bot
        own = message.author.id == bot.id or any(m.id == bot.id for m in message.mentions)
        hidden = not own and not session.intents & Intent.MESSAGE_CONTENT
        return data | _CONTENT_FIELDS if hidden else data
