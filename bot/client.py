"""The Discord client: what it listens to, and what it starts and stops with."""

from __future__ import annotations

import gc
import logging
import sys
from pathlib import Path
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.autocomplete import Autocomplete
from bot.cogs.bets import Bets
from bot.cogs.games import Games
from bot.cogs.operations import Operations
from bot.cogs.standings import Standings
from bot.dispatcher import Dispatcher
from bot.finding_buttons import finding_button
from bot.incident_buttons import incident_button
from bot.loop_watch import LoopWatch
from bot.measures import Measures
from bot.rest_trace import rest_trace
from bot.sync import sync_commands
from bot.tree import Tree

log = logging.getLogger(__name__)

DRAIN_SECONDS = 3.0

# This bot has no voice: spare each start two warnings about it.
discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False


class Bot(commands.Bot):
    """Listens to slash commands in servers, and to nothing else.

    Args:
        dispatcher: Takes the commands to the fleet.
        autocomplete: Offers choices.
        folder: Where it is kept which commands were registered.
        measures: What is measured of the process; None measures nothing.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        autocomplete: Autocomplete,
        folder: Path,
        measures: Measures | None = None,
    ) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=Tree,
            # Guilds alone: no message, member or presence is ever sent to this process.
            intents=discord.Intents(guilds=True),
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
            chunk_guilds_at_startup=False,
            allowed_mentions=discord.AllowedMentions.none(),
            allowed_contexts=app_commands.AppCommandContext(guild=True),
            allowed_installs=app_commands.AppInstallationType(guild=True),
            http_trace=None if measures is None else rest_trace(measures.called),
        )
        self._dispatcher = dispatcher
        self._autocomplete = autocomplete
        self._folder = folder
        self._watch = LoopWatch(on_lag=None if measures is None else measures.late)

    async def add_commands(self) -> None:
        """Put every command into the tree, and know every button."""
        await self.add_cog(Bets(self._dispatcher, self._autocomplete))
        await self.add_cog(Games(self._dispatcher, self._autocomplete))
        await self.add_cog(Standings(self._dispatcher))
        await self.add_cog(Operations(self._dispatcher))
        self.add_dynamic_items(incident_button(self._dispatcher), finding_button(self._dispatcher))

    async def setup_hook(self) -> None:
        """Prepare everything before the gateway connects."""
        self._watch.start()
        await self.add_commands()
        await sync_commands(self.tree, self._folder)
        # All that is loaded by now stays. Looking through it again in each full collection was
        # measured to stall the event loop for 55 ms.
        gc.collect()
        gc.freeze()

    async def on_ready(self) -> None:
        """Say that commands are taken; after a lost session once more."""
        log.info(
            "Ready in %d servers.",
            len(self.guilds),
            extra={"action": "bot.ready", "guilds": len(self.guilds)},
        )

    async def on_error(self, event_method: str, /, *_args: Any, **_kwargs: Any) -> None:
        """Log an error outside of a command, without the event: it may hold a token."""
        log.error(
            "%s failed.", event_method, exc_info=sys.exception(), extra={"action": "bot.error"}
        )

    async def close(self) -> None:
        """Finish what is in hand, then leave Discord."""
        await self._dispatcher.drain(DRAIN_SECONDS)
        await self._watch.stop()
        await super().close()
