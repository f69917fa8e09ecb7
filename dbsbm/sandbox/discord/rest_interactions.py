"""REST routes that need no bot token: first answers, and the webhook of an interaction."""

from __future__ import annotations

from aiohttp import web

from dbsbm.sandbox.discord.callbacks import FirstAnswers, callback_view, new_response
from dbsbm.sandbox.discord.core import Core
from dbsbm.sandbox.discord.drafts import Draft, check_draft
from dbsbm.sandbox.discord.errors import invalid_form, unknown
from dbsbm.sandbox.discord.interactions import CallbackType, Interaction
from dbsbm.sandbox.discord.jsonio import json_response
from dbsbm.sandbox.discord.messages import REPLY, Message, MessageFlags
from dbsbm.sandbox.discord.uploads import read_body

_WEBHOOK = "/webhooks/{application_id}/{token}"
_MESSAGE = _WEBHOOK + "/messages/{message_id}"
_TRUE = {"1", "true", "True"}


class InteractionRoutes:
    """Answering interactions.

    Args:
        core: The stand-in's state.
        answers: Takes the first answers.
    """

    def __init__(self, core: Core, answers: FirstAnswers) -> None:
        self._core = core
        self._answers = answers

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.post("/interactions/{interaction_id}/{token}/callback", self._callback),
            web.post(_WEBHOOK, self._followup),
            web.get(_MESSAGE, self._get),
            web.patch(_MESSAGE, self._edit),
            web.delete(_MESSAGE, self._delete),
        ]

    async def _callback(self, request: web.Request) -> web.Response:
        match = request.match_info
        # The body is read first: between finding the interaction and answering it nothing waits,
        # so of two answers at once exactly one is the first.
        body, files = await read_body(request, self._core.config.upload_bytes)
        interaction = self._core.interactions.answerable(match["interaction_id"], match["token"])
        data = body.get("data") or {}
        if not isinstance(data, dict):
            message = "Only dictionaries may be used in a DictType"
            raise invalid_form(("data",), "DICT_TYPE_CONVERT", message)
        self._answers.answer(interaction, body.get("type"), data, files)
        if request.query.get("with_response") in _TRUE:
            return json_response(callback_view(self._core, interaction))
        return web.Response(status=204)

    def _interaction(self, request: web.Request) -> Interaction:
        if request.match_info["application_id"] != self._core.world.application_id:
            raise unknown("Webhook")
        return self._core.interactions.acknowledged(request.match_info["token"])

    def _message(self, request: web.Request, interaction: Interaction) -> Message:
        wanted = request.match_info["message_id"]
        original = interaction.original
        if wanted == "@original":
            if original is None or interaction.original_deleted:
                raise unknown("Message")
            return original
        own = [*interaction.followups, *([] if original is None else [original])]
        found = next((m for m in own if m.id == wanted), None)
        if found is None:
            raise unknown("Message")
        return self._core.messages.get(found.channel_id, found.id)

    async def _get(self, request: web.Request) -> web.Response:
        message = self._message(request, self._interaction(request))
        return json_response(message.payload(self._core.base_url))

    async def _followup(self, request: web.Request) -> web.Response:
        body = await read_body(request, self._core.config.upload_bytes)
        interaction = self._interaction(request)
        if interaction.ack is not None and interaction.ack.kind is CallbackType.CHOICES:
            raise unknown("Webhook")
        draft = check_draft(*body)
        original = interaction.original
        if original is not None and original.loading and not interaction.original_deleted:
            # The first followup of a deferred answer takes the place of "is thinking".
            self._change(interaction, original, draft)
            return json_response(original.payload(self._core.base_url))
        ephemeral = bool(draft.flags & MessageFlags.EPHEMERAL)
        message = new_response(self._core, interaction, ephemeral=ephemeral)
        if original is not None:
            message.kind, message.reply_to, message.invoked = REPLY, original.id, None
        self._core.writer.fill(message, draft, interaction.guild)
        interaction.followups.append(message)
        self._core.post(message)
        self._core.tell_interaction(interaction)
        return json_response(message.payload(self._core.base_url))

    async def _edit(self, request: web.Request) -> web.Response:
        body = await read_body(request, self._core.config.upload_bytes)
        interaction = self._interaction(request)
        message = self._message(request, interaction)
        v2 = bool(message.flags & MessageFlags.COMPONENTS_V2)
        self._change(interaction, message, check_draft(*body, v2=v2))
        return json_response(message.payload(self._core.base_url))

    def _change(self, interaction: Interaction, message: Message, draft: Draft) -> None:
        first = not interaction.answered
        if message.loading:
            self._core.writer.fill(message, draft, interaction.guild)
        else:
            self._core.writer.edit(message, draft, interaction.guild)
        if message is interaction.original:
            interaction.record_original(self._core.base_url, self._core.wall())
        if first and interaction.answered_ms is not None:
            self._core.stats.answered(interaction.answered_ms)
        self._core.changed(message)
        self._core.tell_interaction(interaction)

    async def _delete(self, request: web.Request) -> web.Response:
        interaction = self._interaction(request)
        message = self._message(request, interaction)
        if message is interaction.original:
            interaction.original_deleted = True
        else:
            interaction.followups.remove(message)
        self._core.delete(message)
        self._core.tell_interaction(interaction)
        return web.Response(status=204)
