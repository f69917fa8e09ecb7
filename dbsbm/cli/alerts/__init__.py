"""`alerts`: the rules of the alerts, replays of recordings, incidents and silences."""

from __future__ import annotations

from typing import Any

from dbsbm.cli.alerts import incidents, replay, rules


def register(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("alerts", help="rules, replays, incidents and silences")
    actions = parser.add_subparsers(dest="action", required=True)
    for module in (incidents, rules, replay):
        module.register(actions)
