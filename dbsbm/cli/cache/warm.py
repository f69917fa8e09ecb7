"""`cache warm`: fill categories before members ask, and load again what was read most."""

from __future__ import annotations

import argparse
import logging
import sys
from typing import Any

from dbsbm import logs
from dbsbm.bootstrap import build
from dbsbm.cli.cache.server import add_json
from dbsbm.cli.output import say, say_json, table
from dbsbm.commands import warm
from dbsbm.errors import TransientError
from dbsbm.maintenance import warmers
from dbsbm.settings import load_settings

EXIT_INCOMPLETE = 1


def fill(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("category", nargs="*", help="which; all that can be filled by default")
    add_json(parser)
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    settings = load_settings()
    logs.configure(settings, "warm")
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(sys.stderr)  # standard output is for the answer
    services = build(settings, _no_task)
    try:
        available = warmers.of(services)
        names = warm.chosen(",".join(arguments.category), available)
        written = warm.warm(names, available)
        failed = sum(counters.errors for counters in services.cache.stats.snapshot().values())
    finally:
        services.close()
    if arguments.json:
        say_json(written)
    else:
        say(table(("category", "keys"), [*written.items(), ("all", sum(written.values()))]))
    if failed:
        sentence = f"{failed} calls of the cache's server failed: not all of this is stored."
        sentence += " `cache health` says more."
        print(sentence, file=sys.stderr)  # noqa: T201 - this is a command line
        return EXIT_INCOMPLETE
    return 0


def _no_task(task: str, kwargs: dict[str, Any], trace_id: str | None) -> None:
    """What a commit promises is sent by the relay: this process knows no tasks."""
    raise TransientError(f"{task} waits for the relay")
