"""The buttons below an incident's message. They work whenever the message was posted.

Which incident a button belongs to is in its id, so that a bot that has just started knows as well.
"""

from __future__ import annotations

import re
from typing import Any, Self

import discord

from bot.dispatcher import Dispatcher, Interaction
from bot.errors import answer_error
from bot.tree import begin_trace
from dbsbm.errors import UserError
from dbsbm.wire.incident_buttons import PATTERN, Deed

NOT_ALLOWED = "Only members who may manage this server can decide about incidents."


def incident_button(dispatcher: Dispatcher) -> type[discord.ui.DynamicItem[Any]]:
    """The kind of button that hands its presses to a dispatcher, for `add_dynamic_items`."""

    class IncidentButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=PATTERN):
        """Acknowledges or silences one incident."""

        def __init__(self, item: discord.ui.Button[Any], incident: str, deed: Deed) -> None:
            super().__init__(item)
            self._incident, self._deed = int(incident), deed.value

        @classmethod
        async def from_custom_id(
            cls, _interaction: Interaction, item: Any, match: re.Match[str], /
        ) -> Self:
            return cls(item, match["incident"], Deed(match["deed"]))

        async def callback(self, interaction: Interaction) -> None:
            begin_trace(interaction)
            try:
                _check_rights(interaction)
                await dispatcher.dispatch(
                    interaction,
                    "tasks.incidents.decide",
                    {"incident": self._incident, "deed": self._deed},
                    ephemeral=True,
                    name=self._deed,
                )
            # Whatever goes wrong, who pressed the button reads a sentence.
            except Exception as error:  # noqa: BLE001
                await answer_error(interaction, error)

    return IncidentButton


def _check_rights(interaction: Interaction) -> None:
    """Raise UserError where a member may not decide for this server."""
    rights = interaction.permissions
    if not (rights.administrator or rights.manage_guild):
        raise UserError(NOT_ALLOWED)
