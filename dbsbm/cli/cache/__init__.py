"""`cache`: look into the cache, change its policies, invalidate and warm it."""

from __future__ import annotations

import argparse

_ACTIONS = (
    ("stats", "hits, misses and loads by category and level"),
    ("top", "the keys that are read most, in all processes"),
    ("get", "a stored value, its age and its tags"),
    ("invalidate", "remove a value, what depends on a tag, a category, or everything"),
    ("health", "is the cache's server well? exit code 1 if not"),
    ("policy", "show or change how categories are kept"),
    ("warm", "fill categories, and load what was read most"),
    ("follow", "invalidate for writes past the application, by the binary log; runs on"),
)


def fill(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    actions = parser.add_subparsers(dest="action", required=True)
    for name, text in _ACTIONS:
        actions.add_parser(name, help=text, fill=f"{__name__}.{name}:fill")
