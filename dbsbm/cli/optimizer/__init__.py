"""`optimizer`: analyses of the fleet and of any database, and what they found."""

from __future__ import annotations

from typing import Any

from dbsbm.cli.optimizer import analyse, apply, auto, findings, prove


def register(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("optimizer", help="find what could be better, and why")
    actions = parser.add_subparsers(dest="action", required=True)
    for module in (analyse, findings, prove, apply, auto):
        module.register(actions)
