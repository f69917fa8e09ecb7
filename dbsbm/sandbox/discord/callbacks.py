"""First answers to interactions: who may answer how, and what the member then sees."""

from __future__ import annotations

import asyncio
from typing import Any

from dbsbm.sandbox.discord.cdn import Upload
from dbsbm.sandbox.discord.components import number_components
from dbsbm.sandbox.discord.core import Core
from dbsbm.sandbox.discord.drafts import check_draft
from dbsbm.sandbox.discord.errors import FormErrors, already_acknowledged, invalid_form
from dbsbm.sandbox.discord.forms import anything, items, record, text
from dbsbm.sandbox.discord.interactions import (
    NO_RESPONSE,
    Ack,
    CallbackType,
    Interaction,
    InteractionType,
)
from dbsbm.sandbox.discord.jsonio import Json
from dbsbm.sandbox.discord.messages import COMMAND_RESPONSE, REPLY, Message, MessageFlags
from dbsbm.sandbox.discord.modals import MODAL

_ON_MESSAGES = {CallbackType.DEFERRED_UPDATE, CallbackType.UPDATE}
_MESSAGES = {CallbackType.MESSAGE, CallbackType.DEFERRED_MESSAGE}
_CHOICES = items(record({"name": text(100, 1), "value": anything}, required=("name", "value")), 25)


class FirstAnswers:
    """Starts the 3-second clock of an interaction and takes its first answer.

    Args:
        core: The stand-in's state.
    """

    def __init__(self, core: Core) -> None:
        self._core = core

    def dispatch(self, interaction: Interaction, payload: Json) -> None:
        """Send an interaction to the bot and give it its seconds to answer."""
        guild_id = interaction.guild.id
        loop = asyncio.get_running_loop()
        interaction.deadline = loop.call_later(
            self._core.config.ack_seconds, self._give_up, interaction
        )
        interaction.sessions = self._core.hub.dispatch("INTERACTION_CREATE", payload, guild_id)
        self._core.stats.events["dispatched"] += 1
        self._core.tell_interaction(interaction)

    def _give_up(self, interaction: Interaction) -> None:
        interaction.failure = NO_RESPONSE
        self._core.stats.events["not_answered"] += 1
        self._core.tell_interaction(interaction)

    def answer(self, interaction: Interaction, kind: Any, data: Json, files: list[Upload]) -> None:
        """Take a first answer.

        Raises:
            ApiError: 40060 for a second one; 50035 for one that does not fit.
        """
        if interaction.ack is not None:
            raise already_acknowledged()
        callback = _fitting(interaction, kind)
        if callback in _MESSAGES:
            self._message(interaction, callback, data, files)
        elif callback in _ON_MESSAGES:
            self._update(interaction, callback, data, files)
        elif callback is CallbackType.CHOICES:
            interaction.choices = _checked_choices(data)
            interaction.mark_answered()
        else:
            interaction.modal = _checked_modal(data)
            interaction.mark_answered()
        self._acknowledge(interaction, callback)

    def _acknowledge(self, interaction: Interaction, kind: CallbackType) -> None:
        if interaction.deadline is not None:
            interaction.deadline.cancel()
        original = interaction.original
        ephemeral = original is not None and original.visible_to is not None
        ms = interaction.elapsed_ms()
        interaction.ack = Ack(kind, ms, self._core.wall(), ephemeral)
        self._core.stats.acknowledged(ms)
        if interaction.answered_ms is not None:
            self._core.stats.answered(interaction.answered_ms)
        self._core.tell_interaction(interaction)

    def _message(
        self, interaction: Interaction, kind: CallbackType, data: Json, files: list[Upload]
    ) -> None:
        draft = check_draft(data, files, under=("data",))
        ephemeral = bool(draft.flags & MessageFlags.EPHEMERAL)
        message = new_response(self._core, interaction, ephemeral=ephemeral)
        if interaction.kind is not InteractionType.COMMAND and interaction.source is not None:
            message.kind, message.reply_to = REPLY, interaction.source.id
        if kind is CallbackType.MESSAGE:
            self._core.writer.fill(message, draft, interaction.guild)
        else:
            message.flags |= MessageFlags.LOADING
        interaction.original = message
        interaction.record_original(self._core.base_url, self._core.wall())
        self._core.post(message)

    def _update(
        self, interaction: Interaction, kind: CallbackType, data: Json, files: list[Upload]
    ) -> None:
        message = interaction.source
        if message is None:
            raise _does_not_fit()
        if kind is CallbackType.DEFERRED_UPDATE:
            interaction.original = message
            return
        v2 = bool(message.flags & MessageFlags.COMPONENTS_V2)
        draft = check_draft(data, files, v2=v2, under=("data",))
        self._core.writer.edit(message, draft, interaction.guild)
        interaction.original = message
        interaction.record_original(self._core.base_url, self._core.wall())
        self._core.changed(message)


def new_response(core: Core, interaction: Interaction, *, ephemeral: bool) -> Message:
    """Return an empty message that answers an interaction."""
    return Message(
        id=core.snowflakes.new(),
        channel_id=interaction.channel.id,
        guild_id=interaction.guild.id,
        author=core.world.bot,
        created_at=core.wall(),
        kind=COMMAND_RESPONSE,
        flags=int(MessageFlags.EPHEMERAL) if ephemeral else 0,
        visible_to=interaction.member.id if ephemeral else None,
        interaction_id=interaction.id,
        metadata=interaction.metadata(),
        invoked=interaction.invoked(),
    )


def callback_view(core: Core, interaction: Interaction) -> Json:
    """Return the body that `with_response` asks for."""
    ack, original = interaction.ack, interaction.original
    about: Json = {"id": interaction.id, "type": int(interaction.kind)}
    body: Json = {"interaction": about}
    if ack is None or original is None:
        return body
    about |= {
        "response_message_id": original.id,
        "response_message_loading": original.loading,
        "response_message_ephemeral": ack.ephemeral,
    }
    if ack.kind is not CallbackType.DEFERRED_UPDATE:
        message = original.payload(core.base_url)
        body["resource"] = {"type": int(ack.kind), "message": message}
    return body


def _fitting(interaction: Interaction, kind: Any) -> CallbackType:
    if kind not in set(CallbackType):
        raise _does_not_fit()
    callback = CallbackType(kind)
    autocomplete = interaction.kind is InteractionType.AUTOCOMPLETE
    modal_to_modal = (
        callback is CallbackType.MODAL and interaction.kind is InteractionType.MODAL_SUBMIT
    )
    without_message = callback in _ON_MESSAGES and interaction.source is None
    if autocomplete is not (callback is CallbackType.CHOICES) or modal_to_modal or without_message:
        raise _does_not_fit()
    return callback


def _does_not_fit() -> Exception:
    message = "This interaction callback type is not allowed for this interaction."
    return invalid_form(("type",), "INTERACTION_CALLBACK_TYPE_INVALID", message)


def _checked_choices(data: Json) -> list[Json]:
    errors = FormErrors()
    record({"choices": _CHOICES}, required=("choices",))(data, ("data",), errors)
    errors.raise_if_any()
    choices: list[Json] = data["choices"]
    return choices


def _checked_modal(data: Json) -> Json:
    errors = FormErrors()
    MODAL(data, ("data",), errors)
    errors.raise_if_any()
    return {**data, "components": number_components(data["components"])}
