"""`optimizer`: analyses of the fleet and of any database, and what they found."""

from __future__ import annotations

import argparse

_ACTIONS = (
    ("analyse", "look for what could be better", "analyse:fill"),
    ("list", "findings, the gravest first", "findings:fill_list"),
    ("show", "all about a finding", "findings:fill_show"),
    ("history", "what became of findings, the newest first", "findings:fill_history"),
    ("dismiss", "hear no more of a finding", "findings:fill_dismiss"),
    ("prove", "try a finding on copies of its tables", "prove:fill"),
    (
        "apply",
        "change the table as a finding says, online; what is to go is hidden",
        "apply:fill_apply",
    ),
    ("keep", "end what `apply` began: what was hidden is dropped", "apply:fill_keep"),
    ("revert", "undo all that was done for a finding, byte for byte", "apply:fill_revert"),
    (
        "approve",
        "let `auto` change a table for a finding, however big the table is",
        "apply:fill_approve",
    ),
    ("pool", "measure how many connections a process should have", "pool:fill"),
    ("auto", "apply what is proved and safe, judge what was applied", "auto:fill"),
)


def fill(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    actions = parser.add_subparsers(dest="action", required=True)
    for name, text, filler in _ACTIONS:
        actions.add_parser(name, help=text, fill=f"{__name__}.{filler}")
