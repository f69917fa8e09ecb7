"""`/warm`, `/status`, `/performance` and `/optimizer`, for administrators."""

from __future__ import annotations

from discord import app_commands
from discord.app_commands import Choice, Range
from discord.ext import commands

from bot import shape
from bot.dispatcher import Dispatcher, Interaction
from bot.offers import MOST_CHOICES
from dbsbm.cache import Category

SPANS = [
    Choice(name="Last hour", value="1h"),
    Choice(name="Last 6 hours", value="6h"),
    Choice(name="Last 24 hours", value="24h"),
    Choice(name="Last 7 days", value="7d"),
    Choice(name="Last 30 days", value="30d"),
]


class Operations(commands.Cog):
    """Looking after the fleet from Discord.

    Discord hides these from other members by default, but a server's owner can allow them to
    anyone in its settings. So the bot checks the permission itself, too.
    """

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    @app_commands.command(name="warm", description="Fill the cache before members ask")
    @app_commands.guild_only()
    @app_commands.default_permissions(administrator=True)
    @app_commands.checks.has_permissions(administrator=True)
    @app_commands.describe(categories="Categories separated by commas; all if you leave it out")
    async def warm(  # noqa: D102 - the decorator describes it
        self,
        interaction: Interaction,
        categories: Range[str, 1, shape.LONGEST_CATEGORIES] = "all",
    ) -> None:
        options = {"categories": shape.categories(categories)}
        await self._dispatcher.dispatch(
            interaction, "tasks.cache.warm_command", options, ephemeral=True
        )

    @warm.autocomplete("categories")
    async def _categories(self, _interaction: Interaction, typed: str) -> list[Choice[str]]:
        return category_choices(typed)

    @app_commands.command(name="status", description="Show whether the fleet is well")
    @app_commands.guild_only()
    @app_commands.default_permissions(administrator=True)
    @app_commands.checks.has_permissions(administrator=True)
    async def status(self, interaction: Interaction) -> None:  # noqa: D102
        await self._dispatcher.dispatch(interaction, "tasks.status.show", {}, ephemeral=True)

    @app_commands.command(
        name="performance", description="Show how the fleet has done, with charts"
    )
    @app_commands.guild_only()
    @app_commands.default_permissions(administrator=True)
    @app_commands.checks.has_permissions(administrator=True)
    @app_commands.rename(span="range")
    @app_commands.describe(span="How far to look back; a day if you leave it out")
    @app_commands.choices(span=SPANS)
    async def performance(  # noqa: D102
        self, interaction: Interaction, span: str = "24h"
    ) -> None:
        await self._dispatcher.dispatch(
            interaction, "tasks.reports.performance", {"range": span}, ephemeral=True
        )

    @app_commands.command(
        name="optimizer", description="Show what could be better, and decide about it"
    )
    @app_commands.guild_only()
    @app_commands.default_permissions(administrator=True)
    @app_commands.checks.has_permissions(administrator=True)
    async def optimizer(self, interaction: Interaction) -> None:  # noqa: D102
        await self._dispatcher.dispatch(interaction, "tasks.optimizer.show", {}, ephemeral=True)


def category_choices(typed: str) -> list[Choice[str]]:
    """Complete the last category of a list, keeping those before it."""
    before, comma, last = typed.rpartition(",")
    names = [category.value for category in Category]
    if not comma:
        names.insert(0, "all")
    fitting = [before + comma + name for name in names if name.startswith(last.strip().lower())]
    return [Choice(name=text, value=text) for text in fitting if len(text) <= 100][:MOST_CHOICES]
