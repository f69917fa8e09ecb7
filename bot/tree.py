"""The command tree: every interaction gets a trace, and every error goes to one handler."""

from __future__ import annotations

import uuid
from typing import Any

from discord import app_commands

from bot.dispatcher import Interaction, trace_of
from bot.errors import answer_error
from dbsbm import logs


class Tree(app_commands.CommandTree[Any]):
    """Traces interactions, and answers errors."""

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        """Let every command begin its trace."""
        begin_trace(interaction)
        return True

    async def on_error(
        self, interaction: Interaction, error: app_commands.AppCommandError, /
    ) -> None:
        """Answer with a sentence."""
        await answer_error(interaction, error)


def begin_trace(interaction: Interaction) -> None:
    """Mint the trace id: the first task's id, and the root id of all that it causes."""
    interaction.extras["trace_id"] = str(uuid.uuid4())
    logs.trace_id.set(trace_of(interaction))
