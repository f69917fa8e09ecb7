"""Which server a command is about, where the ledger is, and who gives the command."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from dbsbm.cli.optimizer.ledger import open_ledger
from dbsbm.db.engine import Database
from dbsbm.errors import DbsbmError, UserError
from dbsbm.optimizer.applying.target import target_name
from dbsbm.settings import load_settings

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command works.

    Attributes:
        database: The fleet's own, where the ledger is.
        address: Of the server that is changed.
        name: How the ledger calls it, empty for the fleet's own.
        actor: Who gives the command.
    """

    database: Database
    address: SecretStr
    name: str
    actor: str


def add_place(parser: argparse.ArgumentParser) -> None:
    """Add what every command that touches a server takes."""
    parser.add_argument(
        "--database-url",
        metavar="URL",
        help="of the database that the finding is about, as it was given to `analyse`; "
        "default: the fleet's own",
    )
    parser.add_argument("--by", default=getpass.getuser(), metavar="NAME", help="who does it")


def add_id(parser: argparse.ArgumentParser) -> None:
    """Add the finding."""
    parser.add_argument("id", help="of the finding; its begin is enough")


@contextmanager
def open_place(arguments: argparse.Namespace) -> Iterator[Place]:
    """Open the ledger, and find the server.

    Raises:
        UserError: The fleet's own database is a file, which needs no optimizer.
        ConfigError: The fleet's own database is not up to date.
    """
    settings = load_settings()
    foreign = SecretStr(arguments.database_url) if arguments.database_url else None
    with open_ledger(settings.database) as database:
        if foreign is None and database.dialect == "sqlite":
            raise UserError(
                "The fleet's own database is an SQLite file: only tables of MySQL and MariaDB are "
                "changed. Name a server with --database-url. What `auto` did to a lifetime is "
                "undone with what `optimizer show` names under Revert."
            )
        address, actor = foreign or settings.database, arguments.by[:100]
        yield Place(database, address, target_name(foreign), actor)


def or_say_why_not(
    action: Callable[[argparse.Namespace], int],
) -> Callable[[argparse.Namespace], int]:
    """What goes wrong is one sentence on standard error, and exit code 1."""

    def run(arguments: argparse.Namespace) -> int:
        try:
            return action(arguments)
        except DbsbmError as error:
            print(error, file=sys.stderr)  # noqa: T201 - this is a command line
            return EXIT_FAILED
        except KeyboardInterrupt:
            print(  # noqa: T201 - this is a command line
                "Interrupted: a change that had begun goes on in the server, and the next command "
                "finds out how it ended.",
                file=sys.stderr,
            )
            return EXIT_INTERRUPTED

    return run
