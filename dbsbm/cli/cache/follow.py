"""`cache follow`: tell the cache of writes that were made past the application."""

from __future__ import annotations

import argparse
import signal
import threading
from types import FrameType

import pymysql

from dbsbm import logs
from dbsbm.cache.opening import open_cache
from dbsbm.cache.values.signing import Keyring
from dbsbm.cli.output import say
from dbsbm.db.models import Base
from dbsbm.errors import ConfigError, TransientError
from dbsbm.querycache.writing.binlog import Follower
from dbsbm.settings import Settings, load_settings


def fill(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.set_defaults(run=_run)


def _run(_arguments: argparse.Namespace) -> int:
    settings = load_settings()
    if not settings.database.get_secret_value().startswith(("mysql", "mariadb")):
        raise ConfigError("Only MySQL and MariaDB have a binary log to follow: see DATABASE_URL.")
    logs.configure(settings, "cache-follow")
    follow(settings, _stop_at_signal())
    return 0


def follow(settings: Settings, stop: threading.Event) -> None:
    """Follow the log until told to stop.

    Raises:
        ConfigError: The server writes no such log, or does not let us read it.
    """
    cache = open_cache(settings.cache, keyring=Keyring.of(settings.secret_key))
    follower = Follower(settings.database, cache, Base.metadata)
    try:
        _check(follower)
        say("Following the binary log of the database. Ctrl-C ends it.")
        follower.run(stop)
    finally:
        cache.close()


def _check(follower: Follower) -> None:
    try:
        follower.check()
    except (pymysql.MySQLError, OSError) as error:
        # Its text may name the user; its type says what to look for.
        raise TransientError(
            f"The database does not answer ({type(error).__name__}): see DATABASE_URL."
        ) from None


def _stop_at_signal() -> threading.Event:
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    return stop
