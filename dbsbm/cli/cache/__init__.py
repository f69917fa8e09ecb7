"""`cache`: look into the cache, change its policies, invalidate and warm it."""

from __future__ import annotations

from typing import Any

from dbsbm.cli.cache import follow, get, health, invalidate, policy, stats, top, warm


def register(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("cache", help="look into the cache, and change it")
    actions = parser.add_subparsers(dest="action", required=True)
    for module in (stats, top, get, invalidate, health, policy, warm, follow):
        module.register(actions)
