"""The operator's command line: `python -m dbsbm COMMAND`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from dbsbm.cli.late import LateParser
from dbsbm.errors import DbsbmError

_COMMANDS = (
    ("settings", "list every setting", "settings_table"),
    ("migrate", "bring the database's schema up to date", "migrate"),
    ("deadletters", "list what was given up, and replay it", "deadletters"),
    ("cache", "look into the cache, and change it", "cache"),
    ("alerts", "rules, replays, incidents and silences", "alerts"),
    ("optimizer", "find what could be better, and why", "optimizer"),
    ("report", "how the fleet did, compared with before", "report"),
    ("profile", "what a running process does, from outside", "profile"),
)

EXIT_CONFIG = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. What goes wrong is one sentence on standard error, exit code not 0."""
    parser = argparse.ArgumentParser(prog="python -m dbsbm", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, parser_class=LateParser)
    for name, text, module in _COMMANDS:
        commands.add_parser(name, help=text, fill=f"{__name__}.{module}:fill")
    arguments = parser.parse_args(argv)
    try:
        code: int = arguments.run(arguments)
    except DbsbmError as error:
        print(error, file=sys.stderr)  # noqa: T201 - this is a command line
        return EXIT_CONFIG
    return code
