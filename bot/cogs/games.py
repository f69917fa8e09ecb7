"""`/games`."""

from __future__ import annotations

from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot import shape
from bot.autocomplete import Autocomplete
from bot.dispatcher import Dispatcher, Interaction


class Games(commands.Cog):
    """Showing what is on."""

    def __init__(self, dispatcher: Dispatcher, autocomplete: Autocomplete) -> None:
        self._dispatcher = dispatcher
        self._autocomplete = autocomplete

    @app_commands.command(name="games", description="Show a league's games: live, next and final")
    @app_commands.guild_only()
    @app_commands.describe(league="Type a league or a sport, then choose")
    async def games(  # noqa: D102 - the decorator describes it
        self, interaction: Interaction, league: Range[str, 1, 100]
    ) -> None:
        options = {"league": shape.league_key(league)}
        await self._dispatcher.dispatch(interaction, "tasks.games.show", options, ephemeral=True)

    @games.autocomplete("league")
    async def _leagues(self, _interaction: Interaction, typed: str) -> list[Choice[str]]:
        return await self._autocomplete.leagues(typed)
