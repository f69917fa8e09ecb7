"""The operator's command line: `python -m dbsbm COMMAND`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from dbsbm.cli import (
    alerts,
    cache,
    deadletters,
    migrate,
    optimizer,
    profile,
    report,
    settings_table,
)
from dbsbm.errors import DbsbmError

_COMMANDS = (settings_table, migrate, deadletters, cache, alerts, optimizer, report, profile)

EXIT_FAILED = 1
EXIT_CONFIG = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. What goes wrong is one sentence on standard error, exit code not 0."""
    parser = argparse.ArgumentParser(prog="python -m dbsbm", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for module in _COMMANDS:
        module.register(commands)
    arguments = parser.parse_args(argv)
    try:
        code: int = arguments.run(arguments)
    except DbsbmError as error:
        print(error, file=sys.stderr)  # noqa: T201 - this is a command line
        return EXIT_CONFIG
    return code
