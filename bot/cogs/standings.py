"""`/record` and `/leaderboard`."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice
from discord.ext import commands

from bot.dispatcher import Dispatcher, Interaction

PERIODS = [
    Choice(name="All time", value="all"),
    Choice(name="Last 30 days", value="month"),
    Choice(name="Last 7 days", value="week"),
]


class Standings(commands.Cog):
    """How members have done."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    @app_commands.command(name="record", description="Show a member's wins, losses and units")
    @app_commands.guild_only()
    @app_commands.describe(
        member="Whose record; yours if you leave it out", period="Which bets count"
    )
    @app_commands.choices(period=PERIODS)
    async def record(  # noqa: D102 - the decorator describes it
        self,
        interaction: Interaction,
        member: discord.Member | None = None,
        period: str = "all",
    ) -> None:
        whose = member or interaction.user
        options: dict[str, Any] = {
            "user": whose.id,
            "user_name": whose.display_name,
            "period": period,
        }
        await self._dispatcher.dispatch(
            interaction, "tasks.standings.record", options, ephemeral=False
        )

    @app_commands.command(name="leaderboard", description="Show who is ahead on this server")
    @app_commands.guild_only()
    @app_commands.describe(period="Which bets count")
    @app_commands.choices(period=PERIODS)
    async def leaderboard(  # noqa: D102
        self, interaction: Interaction, period: str = "all"
    ) -> None:
        await self._dispatcher.dispatch(
            interaction, "tasks.standings.leaderboard", {"period": period}, ephemeral=False
        )
