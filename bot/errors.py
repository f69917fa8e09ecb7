"""What a member reads when a command fails: one sentence, decided in one place."""

from __future__ import annotations

import logging

import discord
from discord import app_commands

from bot.dispatcher import DISCORD_FAILURES, Interaction, log_failure, trace_of
from dbsbm.errors import UserError

log = logging.getLogger(__name__)

FAULT = (
    "Something went wrong on our side. Please try again; if it happens again, give an operator "
    "this code: `{trace}`."
)
OUTDATED = (
    "This command has just changed. Please restart Discord (Ctrl+R on a computer) and try again."
)
NOT_ALLOWED = "Only administrators of this server can use `/{command}`."


async def answer_error(interaction: Interaction, error: Exception) -> None:
    """Answer a failed command or button with a sentence, and log what is a fault of ours."""
    sentence = sentence_for(interaction, error)
    if sentence is None:
        log.error(
            "A command failed.",
            exc_info=error,
            extra={"action": "bot.error", "interaction_id": interaction.id},
        )
        sentence = FAULT.format(trace=trace_of(interaction))
    await _answer(interaction, sentence)


def sentence_for(interaction: Interaction, error: BaseException) -> str | None:
    """What a member reads of an error that is no fault of ours; None for one that is."""
    cause = getattr(error, "original", error)
    if isinstance(cause, UserError):
        return str(cause)
    if isinstance(error, app_commands.MissingPermissions):
        name = interaction.command.name if interaction.command else "this"
        return NOT_ALLOWED.format(command=name)
    if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
        return OUTDATED
    return None


async def _answer(interaction: Interaction, sentence: str) -> None:
    try:
        if interaction.response.is_done():
            await interaction.edit_original_response(content=sentence)
        else:
            await interaction.response.send_message(
                sentence, ephemeral=True, allowed_mentions=discord.AllowedMentions.none()
            )
    except DISCORD_FAILURES as failure:
        log_failure("bot.not_told", interaction, failure)
