"""REST routes of channels and their messages."""

from __future__ import annotations

from aiohttp import web

from dbsbm.sandbox.discord.core import Core
from dbsbm.sandbox.discord.drafts import Draft, check_draft
from dbsbm.sandbox.discord.errors import (
    ApiError,
    invalid_form,
    missing_access,
    missing_permissions,
    unknown,
)
from dbsbm.sandbox.discord.jsonio import json_response
from dbsbm.sandbox.discord.messages import DEFAULT, REPLY, Message, MessageFlags
from dbsbm.sandbox.discord.permissions import Permission
from dbsbm.sandbox.discord.rest_guilds import whole
from dbsbm.sandbox.discord.uploads import read_body
from dbsbm.sandbox.discord.world import Channel, Guild

_MESSAGES = "/channels/{channel_id}/messages"
_MESSAGE = _MESSAGES + "/{message_id}"


class ChannelRoutes:
    """What the bot does in channels with its own token.

    Args:
        core: The stand-in's state.
    """

    def __init__(self, core: Core) -> None:
        self._core = core

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/channels/{channel_id}", self._channel),
            web.post("/channels/{channel_id}/typing", self._typing),
            web.get(_MESSAGES, self._list),
            web.post(_MESSAGES, self._create),
            web.get(_MESSAGE, self._get),
            web.patch(_MESSAGE, self._edit),
            web.delete(_MESSAGE, self._delete),
        ]

    def _reach(self, request: web.Request, *needed: Permission) -> tuple[Guild, Channel]:
        guild, channel = self._core.world.channel(request.match_info["channel_id"])
        bot = guild.members[self._core.world.bot.id]
        if not guild.can(bot, channel, Permission.VIEW_CHANNEL):
            raise missing_access()
        if not guild.can(bot, channel, *needed):
            raise missing_permissions()
        return guild, channel

    def _public(self, channel: Channel, message_id: str) -> Message:
        message = self._core.messages.get(channel.id, message_id)
        if message.visible_to is not None:
            raise unknown("Message")
        return message

    async def _channel(self, request: web.Request) -> web.Response:
        return json_response(self._reach(request)[1].payload())

    async def _typing(self, request: web.Request) -> web.Response:
        _, channel = self._reach(request, Permission.SEND_MESSAGES)
        self._core.feed.publish({"type": "typing", "channel_id": channel.id})
        return web.Response(status=204)

    async def _list(self, request: web.Request) -> web.Response:
        _, channel = self._reach(request, Permission.READ_MESSAGE_HISTORY)
        limit = max(1, whole(request, "limit", 50, 100))
        before = whole(request, "before", (1 << 64) - 1, (1 << 64) - 1)
        after = whole(request, "after", 0, (1 << 64) - 1)
        messages = self._core.messages.newest(channel.id, self._core.config.messages_kept)
        shown = [m for m in messages if m.visible_to is None and after < int(m.id) < before]
        # Discord pages forwards from `after`, and backwards from everything else.
        page = shown[:limit] if "after" in request.query else shown[-limit:]
        return json_response([m.payload(self._core.base_url) for m in reversed(page)])

    async def _get(self, request: web.Request) -> web.Response:
        _, channel = self._reach(request, Permission.READ_MESSAGE_HISTORY)
        message = self._public(channel, request.match_info["message_id"])
        return json_response(message.payload(self._core.base_url))

    async def _create(self, request: web.Request) -> web.Response:
        guild, channel = self._reach(request, Permission.SEND_MESSAGES)
        draft = check_draft(*await read_body(request, self._core.config.upload_bytes))
        if draft.uploads:
            self._reach(request, Permission.ATTACH_FILES)
        first = self._sent_before(draft)
        if first is not None:
            return json_response(first.payload(self._core.base_url))
        message = self._core.writer.fill(self._blank(guild, channel, draft), draft, guild)
        message.flags &= ~MessageFlags.EPHEMERAL
        if draft.nonce is not None and draft.fields.get("enforce_nonce"):
            self._core.messages.remember_nonce(message)
        self._core.post(message)
        return json_response(message.payload(self._core.base_url))

    def _sent_before(self, draft: Draft) -> Message | None:
        if draft.nonce is None or not draft.fields.get("enforce_nonce"):
            return None
        return self._core.messages.with_nonce(self._core.world.bot.id, draft.nonce)

    def _blank(self, guild: Guild, channel: Channel, draft: Draft) -> Message:
        reply_to = self._reply_target(channel, draft)
        return Message(
            id=self._core.snowflakes.new(),
            channel_id=channel.id,
            guild_id=guild.id,
            author=self._core.world.bot,
            created_at=self._core.wall(),
            kind=DEFAULT if reply_to is None else REPLY,
            nonce=draft.nonce,
            reply_to=reply_to,
        )

    def _reply_target(self, channel: Channel, draft: Draft) -> str | None:
        reference = draft.fields.get("message_reference") or {}
        target = reference.get("message_id")
        if target is None:
            return None
        try:
            return self._public(channel, str(target)).id
        except ApiError:
            if reference.get("fail_if_not_exists") is False:
                return None
            path = ("message_reference",)
            code = "MESSAGE_REFERENCE_UNKNOWN_MESSAGE"
            raise invalid_form(path, code, "Unknown message") from None

    async def _edit(self, request: web.Request) -> web.Response:
        guild, channel = self._reach(request)
        message = self._public(channel, request.match_info["message_id"])
        if message.author is not self._core.world.bot:
            raise ApiError(403, 50005, "Cannot edit a message authored by another user")
        v2 = bool(message.flags & MessageFlags.COMPONENTS_V2)
        body = await read_body(request, self._core.config.upload_bytes)
        self._core.writer.edit(message, check_draft(*body, v2=v2), guild)
        self._core.changed(message)
        return json_response(message.payload(self._core.base_url))

    async def _delete(self, request: web.Request) -> web.Response:
        _, channel = self._reach(request)
        message = self._public(channel, request.match_info["message_id"])
        if message.author is not self._core.world.bot:
            self._reach(request, Permission.MANAGE_MESSAGES)
        self._core.delete(message)
        return web.Response(status=204)
