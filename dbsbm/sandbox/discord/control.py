"""The control API's members: what they do, and what they see."""

from __future__ import annotations

import asyncio
import contextlib

from aiohttp import web

from dbsbm.sandbox.discord.callbacks import FirstAnswers
from dbsbm.sandbox.discord.core import Core
from dbsbm.sandbox.discord.errors import FormErrors, Refusal
from dbsbm.sandbox.discord.forms import Check, anything, items, record, text
from dbsbm.sandbox.discord.interactions import Interaction, message_view
from dbsbm.sandbox.discord.jsonio import Json, json_response
from dbsbm.sandbox.discord.member_actions import Actor
from dbsbm.sandbox.discord.uploads import read_json
from dbsbm.sandbox.discord.views import state_view

_PLACE: dict[str, Check] = {"guild": text(100), "channel": text(100), "member": text(100)}
_RUN = record({**_PLACE, "command": text(200, 1), "options": record({})}, required=("command",))
_AUTOCOMPLETE = record(
    {**_PLACE, "command": text(200, 1), "option": text(32, 1), "value": text(6_000)},
    required=("command", "option"),
)
_COMPONENT = record(
    {**_PLACE, "message_id": text(20), "custom_id": text(100, 1), "values": items(text(100), 25)},
    required=("message_id", "custom_id"),
)
_SUBMIT = record({"interaction_id": text(20), "values": record({})}, required=("interaction_id",))
_WRITE = record({**_PLACE, "content": anything}, required=("content",))


class MemberRoutes:
    """What the page and the tests do in a member's name.

    Args:
        core: The stand-in's state.
        answers: Starts the clock of what is sent to the bot.
    """

    def __init__(self, core: Core, answers: FirstAnswers) -> None:
        self._core = core
        self._answers = answers

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/state", self._state),
            web.get("/commands", self._commands),
            web.get("/channels/{channel_id}/messages", self._messages),
            web.get("/interactions/{interaction_id}", self._interaction),
            web.post("/messages", self._write),
            web.post("/interactions", self._run),
            web.post("/autocomplete", self._autocomplete),
            web.post("/components", self._use_component),
            web.post("/modals", self._submit),
        ]

    async def _state(self, _: web.Request) -> web.Response:
        return json_response(state_view(self._core))

    async def _commands(self, request: web.Request) -> web.Response:
        return json_response(self._actor(dict(request.query)).commands())

    async def _messages(self, request: web.Request) -> web.Response:
        _, channel = self._core.world.channel(request.match_info["channel_id"])
        reader = request.query.get("member")
        newest = self._core.messages.newest(channel.id, self._core.config.messages_kept)
        shown = [m for m in newest if reader is None or m.visible_to in (None, reader)]
        return json_response([message_view(m, self._core.base_url) for m in shown])

    async def _interaction(self, request: web.Request) -> web.Response:
        interaction = self._core.interactions.get(request.match_info["interaction_id"])
        return json_response(interaction.view(self._core.base_url))

    async def _write(self, request: web.Request) -> web.Response:
        body = await read_form(request, _WRITE)
        message = self._actor(body).write(str(body["content"]))
        return json_response(message_view(message, self._core.base_url), 201)

    async def _run(self, request: web.Request) -> web.Response:
        body = await read_form(request, _RUN)
        interaction = self._actor(body).run(body["command"], body.get("options") or {})
        return _opened(interaction)

    async def _autocomplete(self, request: web.Request) -> web.Response:
        body = await read_form(request, _AUTOCOMPLETE)
        interaction = self._actor(body).autocomplete(
            body["command"], body["option"], body.get("value") or "", body.get("options") or {}
        )
        with contextlib.suppress(TimeoutError):
            # The deadline of the interaction ends this wait; the timeout is a safety net.
            async with asyncio.timeout(self._core.config.ack_seconds + 1):
                while interaction.state == "pending":
                    await interaction.changed.wait()
        ms = None if interaction.ack is None else round(interaction.ack.ms, 3)
        answer = {"choices": interaction.choices or [], "ms": ms, "error": interaction.failure}
        return json_response({"id": interaction.id, **answer})

    async def _use_component(self, request: web.Request) -> web.Response:
        body = await read_form(request, _COMPONENT)
        values = body.get("values") or []
        actor = self._actor(body)
        return _opened(actor.use_component(body["message_id"], body["custom_id"], values))

    async def _submit(self, request: web.Request) -> web.Response:
        body = await read_form(request, _SUBMIT)
        shown_by = self._core.interactions.get(body["interaction_id"])
        place = {
            "guild": shown_by.guild.id,
            "channel": shown_by.channel.id,
            "member": shown_by.member.id,
        }
        return _opened(self._actor(place).submit(shown_by, body.get("values") or {}))

    def _actor(self, place: Json) -> Actor:
        return Actor(self._core, self._answers, place)


def _opened(interaction: Interaction) -> web.Response:
    return json_response({"id": interaction.id, "sessions": interaction.sessions}, 201)


async def read_form(request: web.Request, shape: Check) -> Json:
    """Return a JSON object of a given shape.

    A browser sends `application/json` to another origin only after asking, and this server never
    agrees; so insisting on it keeps other web pages from acting here.

    Raises:
        Refusal: It is not sent as JSON.
        ApiError: It does not have the shape.
    """
    if request.content_type != "application/json":
        raise Refusal("Send JSON, with Content-Type: application/json.", 415)
    body = await read_json(request)
    errors = FormErrors()
    shape(body, (), errors)
    errors.raise_if_any()
    form: Json = body
    return form
