"""`cache top`: the keys that all processes read most."""

from __future__ import annotations

import argparse
from typing import Any

from dbsbm.cache.operating.hotlog import SLOTS, Hot, read_hot
from dbsbm.cli.cache.server import add_json, open_client
from dbsbm.cli.output import say, say_json, spell_share, table

MOST = 1000


def fill(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("-n", type=_count, default=20, metavar="N", help="how many (20)")
    parser.add_argument(
        "--hours", action="store_true", help="of the last two hours, not of the last 20 minutes"
    )
    add_json(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    with open_client() as client:
        hottest = read_hot(client, arguments.n, slots=SLOTS if arguments.hours else 2)
    if arguments.json:
        say_json([_as_json(hot) for hot in hottest])
    elif not hottest:
        say("No key was read often enough to be logged.")
    else:
        rows = [
            (hot.wire, hot.category or "-", spell_share(hot.share), f"{hot.reads:.0f}")
            for hot in hottest
        ]
        say(table(("key", "category", "share", "reads"), rows))
    return 0


def _as_json(hot: Hot) -> dict[str, Any]:
    return {"key": hot.wire, "category": hot.category, "share": hot.share, "reads": hot.reads}


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST:
        raise argparse.ArgumentTypeError(f"use a whole number from 1 to {MOST}, not {text[:20]!r}")
    return int(text)
