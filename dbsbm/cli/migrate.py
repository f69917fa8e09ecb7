"""`migrate`: bring the database's schema up to date."""

from __future__ import annotations

import argparse

from dbsbm import logs
from dbsbm.db.migrate import upgrade
from dbsbm.settings import load_settings


def fill(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.set_defaults(run=_run)


def _run(_arguments: argparse.Namespace) -> int:
    settings = load_settings()
    logs.configure(settings, "migrate")
    upgrade(settings.database)
    print("The schema is up to date.")  # noqa: T201 - this is a command line
    return 0
