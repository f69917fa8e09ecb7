"""A Discord interaction, reduced to the command that travels to the workers."""

from __future__ import annotations

from typing import Any

import discord

from dbsbm.errors import UserError
from dbsbm.wire.command import Command
from dbsbm.wire.seal import Sealer


def to_command(
    interaction: discord.Interaction[Any],
    sealer: Sealer,
    options: dict[str, Any],
    *,
    ephemeral: bool,
    name: str | None = None,
) -> Command:
    """Describe an interaction for a worker. Its token is sealed: it is nowhere in the clear.

    Args:
        interaction: A slash command, or the press of a button.
        sealer: Seals its token.
        options: Plain JSON values.
        ephemeral: Whether only the member sees the answer.
        name: What a button is called; a slash command has its own name.

    Raises:
        UserError: It does not come from a server's channel.
    """
    name = name or (interaction.command.name if interaction.command else None)
    if interaction.guild_id is None or interaction.channel_id is None or name is None:
        raise UserError("I work in servers only. Please use this command in a server's channel.")
    user = interaction.user
    return Command(
        interaction_id=interaction.id,
        application_id=interaction.application_id,
        reply_token=sealer.seal(interaction.token),
        guild_id=interaction.guild_id,
        guild_name=interaction.guild.name if interaction.guild else "",
        channel_id=interaction.channel_id,
        user_id=user.id,
        user_name=user.display_name,
        user_avatar=user.avatar.key if user.avatar else None,
        locale=interaction.locale.value,
        created_at=interaction.created_at.isoformat(),
        name=name,
        options=options,
        ephemeral=ephemeral,
    )
