"""`/bet` and `/slip`."""

from __future__ import annotations

from typing import Any

from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot import shape
from bot.autocomplete import Autocomplete
from bot.dispatcher import Dispatcher, Interaction
from dbsbm.betting.bets import Market, Side

MARKETS = [Choice(name=market.value.capitalize(), value=market.value) for market in Market]
SIDES = [Choice(name=side.value.capitalize(), value=side.value) for side in Side]


class Bets(commands.Cog):
    """Placing bets and showing their slips."""

    def __init__(self, dispatcher: Dispatcher, autocomplete: Autocomplete) -> None:
        self._dispatcher = dispatcher
        self._autocomplete = autocomplete

    @app_commands.command(name="bet", description="Place a bet on a game and post its slip")
    @app_commands.guild_only()
    @app_commands.describe(
        game="Type a team, a league or a day, then choose the game",
        market="What you bet on",
        side="The outcome you take",
        odds="American -110 or +150, decimal 1.91, or a fraction 5/2",
        units="How many units you risk",
        line="For spreads and totals: points, such as -3.5 or 220.5",
        note="A few words to show on the slip",
        league="Only offer this league's games",
    )
    @app_commands.choices(market=MARKETS, side=SIDES)
    async def bet(  # noqa: D102 - the decorator describes it
        self,
        interaction: Interaction,
        *,
        game: Range[str, 1, 100],
        market: str,
        side: str,
        odds: Range[str, 1, shape.LONGEST_ODDS],
        units: Range[float, shape.SMALLEST_UNITS],
        line: Range[str, 1, shape.LONGEST_LINE] | None = None,
        note: Range[str, 1, shape.LONGEST_NOTE] | None = None,
        league: Range[str, 1, 100] | None = None,  # it only narrows the list of games
    ) -> None:
        options: dict[str, Any] = {
            "game": shape.game_id(game),
            **shape.pick(market, side, line),
            "odds": shape.odds(odds),
            "units": shape.units(units),
            "note": shape.short_text("note", note, shape.LONGEST_NOTE),
        }
        await self._dispatcher.dispatch(interaction, "tasks.bets.place", options, ephemeral=False)

    @bet.autocomplete("game")
    async def _games(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        league = getattr(interaction.namespace, "league", None)
        return await self._autocomplete.games(typed, league)

    @bet.autocomplete("league")
    async def _leagues(self, _interaction: Interaction, typed: str) -> list[Choice[str]]:
        return await self._autocomplete.leagues(typed)

    @app_commands.command(name="slip", description="Show the slip of a bet again")
    @app_commands.guild_only()
    @app_commands.describe(bet="The number on the slip")
    async def slip(  # noqa: D102
        self, interaction: Interaction, bet: Range[int, 1, shape.LARGEST_BET]
    ) -> None:
        await self._dispatcher.dispatch(
            interaction, "tasks.slips.show", {"bet": bet}, ephemeral=False
        )
