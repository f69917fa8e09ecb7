"""`alerts`: the rules of the alerts, replays of recordings, incidents and silences."""

from __future__ import annotations

import argparse

from dbsbm.cli.alerts import incidents, replay, rules


def fill(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    actions = parser.add_subparsers(dest="action", required=True)
    for module in (incidents, rules, replay):
        module.register(actions)
