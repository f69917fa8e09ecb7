"""`optimizer analyse`: what could be better in the fleet, or in any MySQL or MariaDB database."""

from __future__ import annotations

import argparse
import logging
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import redis
from pydantic import SecretStr
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from dbsbm.cache.server.connection import connect
from dbsbm.cli.cache.server import CONNECT_TIMEOUT, TIMEOUT
from dbsbm.cli.optimizer.place import add_server, read_server
from dbsbm.cli.optimizer.text import tell_report
from dbsbm.cli.output import say_json
from dbsbm.db.engine import Database
from dbsbm.errors import ConfigError, DbsbmError, UserError
from dbsbm.monitor.alerts.fields import WrongValueError, span
from dbsbm.optimizer import analyse as analysis
from dbsbm.optimizer.analyse import analyse, analyse_cache, analyse_server, record_run, report
from dbsbm.optimizer.applying.target import target_name
from dbsbm.settings import load_settings

EXIT_FAILED = 1


def fill(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.description = (
        "Look at the fleet and its database, or at any MySQL 8 or MariaDB 10.6+ database. It is "
        "only read. Exit code 0 whatever is found, 1 where it cannot be read."
    )
    add_server(
        parser,
        "mysql://user:password@host:3306/schema; without a schema all that the user sees; "
        "default: the fleet's own",
    )
    parser.add_argument("--cache-url", metavar="URL", help="default: the fleet's own")
    parser.add_argument(
        "--since", default="24h", metavar="TIME", help="how far to look back (default 24h)"
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    # The report says what was found: without a handler, Python would print the warnings besides.
    logging.getLogger(analysis.__name__).addHandler(logging.NullHandler())
    try:
        found = _analyse(arguments)
    except DbsbmError as error:
        print(error, file=sys.stderr)  # noqa: T201 - this is a command line
        return EXIT_FAILED
    if arguments.json:
        say_json(found)
    else:
        tell_report(found)
    return 0


def _analyse(arguments: argparse.Namespace) -> dict[str, Any]:
    since = _length(arguments.since)
    cache_url = SecretStr(arguments.cache_url) if arguments.cache_url else None
    address = read_server(arguments)
    if address is None:
        return _analyse_own(since, cache_url)
    return _analyse_foreign(address, since, cache_url)


def _analyse_own(since: timedelta, cache_url: SecretStr | None) -> dict[str, Any]:
    settings = load_settings()
    database = Database(settings.database)
    try:
        with _client(cache_url or settings.cache) as client:
            return analyse(database, client, window=since, trace_id=str(uuid.uuid4()))
    finally:
        database.dispose()


def _analyse_foreign(
    address: SecretStr, since: timedelta, cache_url: SecretStr | None
) -> dict[str, Any]:
    started_at, started = datetime.now(UTC), perf_counter()
    examination = analyse_server(address, since=since)
    if cache_url is not None:
        with _client(cache_url) as client:
            examination.add(analyse_cache(client))
    seconds, target = perf_counter() - started, target_name(address)
    try:
        with _ledger() as database:
            return record_run(
                database,
                examination,
                started_at=started_at,
                seconds=seconds,
                trace_id=str(uuid.uuid4()),
                target=target,
            )
    except (DbsbmError, SQLAlchemyError):
        # Whoever looks at a foreign database need not have a fleet.
        return report(examination.about(target))


@contextmanager
def _ledger() -> Iterator[Database]:
    """The fleet's own database, where the findings of foreign ones are kept too.

    Raises:
        ConfigError: There is none.
    """
    address = load_settings().database
    file = make_url(address.get_secret_value()).database or ""
    if address.get_secret_value().startswith("sqlite") and not Path(file).is_file():
        raise ConfigError("The fleet has no database yet: run python -m dbsbm migrate.")
    database = Database(address)
    try:
        yield database
    finally:
        database.dispose()


def _client(address: SecretStr) -> redis.Redis:
    return connect(address, connect_timeout=CONNECT_TIMEOUT, timeout=TIMEOUT)


def _length(text: str) -> timedelta:
    try:
        return timedelta(seconds=span(text))
    except WrongValueError:
        raise UserError(f"{text!r} is no time; write for example 90s, 5m, 1h or 3d.") from None
