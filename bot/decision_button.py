"""Buttons that take a decision to the fleet. They work whenever their message was posted.

What a button is about is in its id, so that a bot that has just started knows as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Self

import discord

from bot.dispatcher import Dispatcher, Interaction
from bot.errors import answer_error
from bot.tree import begin_trace

Kind = type[discord.ui.DynamicItem[Any]]


def decision_button(
    dispatcher: Dispatcher,
    task: str,
    *,
    pattern: str,
    options: Callable[[re.Match[str]], dict[str, Any]],
    check: Callable[[discord.Permissions], None],
) -> Kind:
    """A kind of button that hands its presses to a dispatcher, for `add_dynamic_items`.

    Args:
        dispatcher: Takes presses to the fleet.
        task: Which carries them out.
        pattern: Of the buttons' ids.
        options: What the task is told, from an id; `deed` also names the command.
        check: Raises UserError where somebody with these rights may not decide.
    """

    class DecisionButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=pattern):
        """One button of this kind."""

        def __init__(self, item: discord.ui.Button[Any], told: dict[str, Any]) -> None:
            super().__init__(item)
            self._told = told

        @classmethod
        async def from_custom_id(
            cls, _interaction: Interaction, item: Any, match: re.Match[str], /
        ) -> Self:
            return cls(item, options(match))

        async def callback(self, interaction: Interaction) -> None:
            begin_trace(interaction)
            try:
                check(interaction.permissions)
                await dispatcher.dispatch(
                    interaction, task, self._told, ephemeral=True, name=self._told["deed"]
                )
            # Whatever goes wrong, who pressed the button reads a sentence.
            except Exception as error:  # noqa: BLE001
                await answer_error(interaction, error)

    return DecisionButton
