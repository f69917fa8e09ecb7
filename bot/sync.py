"""Registers the commands with Discord when they have changed, not on each start.

Discord allows 200 new commands a day, and a fleet that restarts in a loop must not use them up. A
hash of what was registered is kept in a file; that Discord still has commands of these names is
asked on each start, because someone else may have replaced them.
"""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import aiohttp
import discord
from discord import app_commands

log = logging.getLogger(__name__)


async def sync_commands(tree: app_commands.CommandTree[Any], folder: Path) -> bool:
    """Register the tree's commands where Discord has others.

    A failure leaves the commands as they are, and the bot serves those that Discord knows.

    Args:
        tree: Its client is logged in.
        folder: Where the hash of what was registered is kept.

    Returns:
        Whether they were registered now.
    """
    digest = fingerprint(tree)
    file = folder / f"commands-{tree.client.application_id}.sha256"
    try:
        if _read(file) == digest and await _names_at_discord(tree) == _names(tree):
            return False
        await tree.sync()
    except (discord.DiscordException, aiohttp.ClientError, OSError):
        log.exception("The commands could not be registered.", extra={"action": "bot.sync"})
        return False
    _write(file, digest)
    log.info("The commands are registered.", extra={"action": "bot.sync", "digest": digest})
    return True


def fingerprint(tree: app_commands.CommandTree[Any]) -> str:
    """A hash of all that Discord would be sent."""
    payload = [command.to_dict(tree) for command in tree.get_commands()]
    ordered = sorted(payload, key=lambda command: str(command["name"]))
    return hashlib.sha256(json.dumps(ordered, sort_keys=True).encode()).hexdigest()


def _names(tree: app_commands.CommandTree[Any]) -> set[str]:
    return {command.name for command in tree.get_commands()}


async def _names_at_discord(tree: app_commands.CommandTree[Any]) -> set[str]:
    return {command.name for command in await tree.fetch_commands()}


def _read(file: Path) -> str | None:
    return file.read_text() if file.exists() else None


def _write(file: Path, digest: str) -> None:
    """Keep the hash; without it the next start registers again, which is harmless."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(digest)
    except OSError as error:
        log.warning(
            "The hash of the commands cannot be kept in %s: %s.",
            file.parent,
            error.strerror,
            extra={"action": "bot.sync"},
        )
