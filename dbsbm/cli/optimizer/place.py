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
from dbsbm.optimizer.server.connection import parse_address
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


def add_server(parser: argparse.ArgumentParser, url_help: str) -> None:
    """Add how a server is named, and how its password is given."""
    parser.add_argument("--database-url", metavar="URL", help=url_help)
    parser.add_argument(
        "--ask-password",
        action="store_true",
        help="ask for the password of the URL's user, or read it as a line of standard input: in a "
        "URL, whoever may list processes can read it",
    )


def read_server(arguments: argparse.Namespace) -> SecretStr | None:
    """The address of the foreign server that is named, None for the fleet's own.

    Raises:
        UserError: No password was given, or there is no address that it could belong to.
        ServerRefusedError: The address cannot be read.
    """
    address: str | None = arguments.database_url or None
    if not arguments.ask_password:
        return None if address is None else SecretStr(address)
    if address is None:
        raise UserError(
            "--ask-password needs --database-url: the fleet's own password is in its settings."
        )
    url = parse_address(SecretStr(address))
    password = _ask(f"Password of {url.username or 'the user'} at {url.host or 'localhost'}: ")
    if not password:
        raise UserError("No password was given: type one, or give it as a line of standard input.")
    return SecretStr(url.set(password=password).render_as_string(hide_password=False))


def _ask(prompt: str) -> str:
    """What is typed without being shown, or a line of standard input that nobody types."""
    try:
        return (
            getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
        )
    except EOFError:
        return ""


def add_place(parser: argparse.ArgumentParser) -> None:
    """Add what every command that touches a server takes."""
    add_server(
        parser,
        "of the database that the finding is about, as it was given to `analyse`; "
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
        UserError: The fleet's own database is a file, which needs no optimizer; or the server is
            named wrongly.
        ConfigError: The fleet's own database is not up to date.
    """
    settings = load_settings()
    foreign = read_server(arguments)
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
