"""Follows the binary log of a MySQL or MariaDB server: for writes that the application never sees.

It tells the cache of them after their commit, a few milliseconds late: what is read meanwhile may
be old, but does not stay. The application's own writes come by as well, and are told once more.

It needs `log_bin`, row-based logging of whole rows, and a user with REPLICATION SLAVE and
REPLICATION CLIENT (MariaDB: BINLOG MONITOR).
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any, Final, NamedTuple

import pymysql
from pydantic import SecretStr
from sqlalchemy import URL, MetaData, make_url

from dbsbm.errors import ConfigError
from dbsbm.querycache.tags import GLOBAL_TAG
from dbsbm.querycache.writing.logged import LoggedChanges
from dbsbm.querycache.writing.telling import Invalidator

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS: Final = 1.0
"""How often the server says that it has nothing to say, and a stop is noticed."""

READ_TIMEOUT: Final = 10
LONGEST_PAUSE: Final = 30.0
"""Seconds between two attempts to reach a server that is away."""

_GONE: Final = 1236
"""The server's code for a position that its log does not reach back to."""

_WANTED: Final = {"log_bin": "ON", "binlog_format": "ROW", "binlog_row_image": "FULL"}


class Position(NamedTuple):
    """A place in the binary log."""

    file: str
    offset: int


class Follower:
    """Tells a cache of what a binary log says was changed.

    Args:
        url: Of the database; only its writes count.
        cache: Told.
        metadata: The tables that cached queries read.
        also: What triggers change; their rows are in the log, so that it is rarely needed.
    """

    def __init__(
        self,
        url: SecretStr,
        cache: Invalidator,
        metadata: MetaData,
        *,
        also: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._url = make_url(url.get_secret_value())
        self._cache = cache
        self._changes = LoggedChanges(metadata, also)
        self._position: Position | None = None
        # Any number that no other replica of the server has.
        self._server_id = secrets.randbelow(2**31) + 2**31

    def check(self) -> None:
        """Make sure that the server writes the log that is needed, and lets us read it.

        Raises:
            ConfigError: It does not, with what to change.
        """
        _reader_class()
        with self._cursor() as cursor:
            cursor.execute("SHOW GLOBAL VARIABLES LIKE '%log%'")
            _refuse_unless_logged(dict(cursor.fetchall()))
            cursor.execute("SHOW GRANTS")
            _refuse_unless_granted(row[0] for row in cursor.fetchall())

    def run(self, stop: threading.Event) -> None:
        """Follow the log until told to stop, over any outage of the server.

        Raises:
            ConfigError: See `check`.
        """
        self.check()
        pause = HEARTBEAT_SECONDS
        while not stop.is_set():
            try:
                self._follow(stop)
            except (pymysql.MySQLError, OSError) as error:
                self._lost(error)
                stop.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                pause = HEARTBEAT_SECONDS

    def _lost(self, error: Exception) -> None:
        code = error.args[0] if error.args else None
        if code == _GONE:
            self._position = None
        log.warning(
            "the binary log cannot be read; trying again",
            extra={"action": "querycache.follow", "error": type(error).__name__, "code": code},
        )

    def _follow(self, stop: threading.Event) -> None:
        if self._position is None:
            # What was written before anybody followed is not known; from here on it is.
            self._position = self._current()
            self._tell([GLOBAL_TAG])
        with closing(self._reader(self._position)) as reader:
            self._changes.begin()
            for event in reader:
                if stop.is_set():
                    return
                if self._changes.take(event):
                    self._tell(list(self._changes.tags))
                    self._changes.begin()
                    self._position = Position(reader.log_file, reader.log_pos)

    def _tell(self, tags: Sequence[str]) -> None:
        if tags and not self._cache.invalidate_tags(*tags):
            log.warning(
                "changes are owed to the cache",
                extra={"action": "querycache.follow", "tags": len(tags)},
            )

    def _current(self) -> Position:
        with self._cursor() as cursor:
            try:
                cursor.execute("SHOW BINARY LOG STATUS")
            except pymysql.ProgrammingError:
                cursor.execute("SHOW MASTER STATUS")
            row = cursor.fetchone()
        if row is None:
            raise ConfigError(_refusal("log_bin", "ON"))
        return Position(row[0], row[1])

    def _reader(self, position: Position) -> Any:
        module = _reader_class()
        events = module.row_event, module.event
        return module.BinLogStreamReader(
            connection_settings={**_settings(self._url), "read_timeout": READ_TIMEOUT},
            server_id=self._server_id,
            log_file=position.file,
            log_pos=position.offset,
            resume_stream=True,
            blocking=True,
            slave_heartbeat=HEARTBEAT_SECONDS,
            only_schemas=[self._url.database],
            only_events=[
                events[0].WriteRowsEvent,
                events[0].UpdateRowsEvent,
                events[0].DeleteRowsEvent,
                events[1].QueryEvent,
                events[1].XidEvent,
                events[1].HeartbeatLogEvent,
            ],
            pymysql_wrapper=_connect,
            use_column_name_cache=True,
            enable_logging=False,
        )

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        try:
            connection = pymysql.connect(**_settings(self._url))
        except pymysql.OperationalError as error:
            if error.args[0] in _DENIED:
                raise ConfigError(_NOT_GRANTED) from None
            raise
        with closing(connection), connection.cursor() as cursor:
            yield cursor


_DENIED: Final = frozenset({1044, 1045, 1227})
_NOT_GRANTED: Final = (
    "The database's user may not read the binary log. As an administrator: "
    "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO the user of DATABASE_URL."
)


def _refusal(name: str, value: str) -> str:
    return (
        f"The database does not write the binary log that is needed: set {name}={value} in its "
        "configuration and restart it, or do not follow it."
    )


def _refuse_unless_logged(variables: Mapping[str, str]) -> None:
    for name, value in _WANTED.items():
        if variables.get(name, value if name == "binlog_row_image" else "").upper() != value:
            raise ConfigError(_refusal(name, value))


def _refuse_unless_granted(grants: Iterable[str]) -> None:
    known = " ".join(grants).upper()
    if not any(word in known for word in ("ALL PRIVILEGES ON *.*", "REPLICATION SLAVE")):
        raise ConfigError(_NOT_GRANTED)


def _settings(url: URL) -> dict[str, Any]:
    return {
        "host": url.host or "127.0.0.1",
        "port": url.port or 3306,
        "user": url.username,
        "password": url.password or "",
        "charset": "utf8mb4",
        "connect_timeout": 5,
    }


def _connect(**settings: Any) -> Any:
    """Connect for the log's reader, which still calls the database by the old name."""
    database = settings.pop("db", None)
    return pymysql.connect(database=database, **settings)


def _reader_class() -> Any:
    try:
        import pymysqlreplication  # noqa: PLC0415 - an optional dependency
        import pymysqlreplication.event  # noqa: PLC0415
        import pymysqlreplication.row_event  # noqa: PLC0415
    except ImportError:
        raise ConfigError(
            "To follow the binary log the package mysql-replication is needed: "
            "pip install 'dbsbm[binlog]'."
        ) from None
    return pymysqlreplication
