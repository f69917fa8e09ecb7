"""A connection to any MySQL or MariaDB server that can do no harm: read-only, and soon weary."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, ClassVar, Final, Self

import pymysql
from pydantic import SecretStr
from pymysql.cursors import DictCursor
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from dbsbm.errors import DbsbmError, TransientError
from dbsbm.optimizer.server.model import Flavor
from dbsbm.optimizer.server.quoting import quoted

Row = Mapping[str, Any]

STATEMENT_SECONDS: Final = 5
"""No statement of ours runs longer: then its answer is missing, and the server is free again."""
_CONNECT_SECONDS = 5
_LONGEST_REST = 2.0
_UNREADABLE: Final = (
    "The database's address cannot be read: write mysql://user:password@host:3306/schema."
)
# Statements run here belong to no schema that is analysed, so that they are not taken for its load.
HOME: Final = "information_schema"

_DENIED = {1044, 1045, 1142, 1143, 1227, 1345, 1370, 1449}
# Ways to refuse a user: by host, by a socket's owner, as locked, with a password that has ended.
_UNWELCOME = _DENIED | {1130, 1698, 1820, 1862, 3118, 4151}
_FULL = {1040, 1203, 1226}
_ONLY_TLS = 3159
_TOO_LONG = {1205, 1969, 3024}
_GONE = {0, 1053, 1077, 1079, 1927, 2006, 2013, 2055, 4031}
_NUMBER = re.compile(r"\d+")


class ServerAwayError(TransientError):
    """The server does not answer, or no longer."""


class ServerRefusedError(DbsbmError):
    """The server, or a part of it, may not be read. The text says what to do."""


class QueryError(DbsbmError):
    """One statement failed; others may work. The text holds nothing of the statement.

    Attributes:
        code: The server's number of the error.
    """

    def __init__(self, code: int) -> None:
        super().__init__(f"The server refused a statement (error {code}).")
        self.code = code

    @property
    def denied(self) -> bool:
        """The user lacks a privilege."""
        return self.code in _DENIED

    @property
    def took_too_long(self) -> bool:
        """It was stopped by the limit of time."""
        return self.code in _TOO_LONG


class Connection:
    """One session on a server.

    Attributes:
        flavor: MariaDB or MySQL.
        version: Such as (10, 11, 6).
        user: As whom the server knows us, quoted for a GRANT.
        schema: The schema that the address names, empty for none.
        is_local: The server runs on this machine, as far as its address tells.
    """

    _patience: ClassVar[int] = 60
    """Seconds after which a server that says nothing counts as gone."""

    def __init__(self, address: SecretStr, *, rest: float = 0.0) -> None:
        """Connect.

        Args:
            address: mysql://, mysql+pymysql:// or mariadb://, with or without a schema.
            rest: Seconds to wait after `rows` for each second that a statement took, so that a busy
                server does more for others meanwhile.

        Raises:
            ServerRefusedError: The address cannot be used, or the server refuses the user.
            ServerAwayError: Nothing answers there.
        """
        url = parse_address(address)
        self.schema = url.database or ""
        self.is_local = (url.host or "localhost") in {"localhost", "127.0.0.1", "::1"}
        self._place = f"{url.host or 'localhost'}:{url.port or 3306}"
        self._session = _open(url, self._place, self._patience)
        self._rest = rest
        self.flavor: Flavor = "mysql"
        self.version: tuple[int, ...] = ()
        self.user = ""
        self._introduce()

    def __enter__(self) -> Self:
        """Return the connection."""
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Close the connection."""
        with suppress(pymysql.Error, OSError):
            self._session.close()

    def rows(self, statement: str, values: Sequence[object] | None = None) -> list[Row]:
        """The rows of a statement; names of columns are in lower case.

        Raises:
            QueryError: The server refused the statement.
            ServerAwayError: The server is gone.
        """
        with self._translated(), self._session.cursor() as cursor:
            began = time.monotonic()
            cursor.execute(statement, values)
            if self._rest:
                took = time.monotonic() - began
                # Not time.sleep, which fails where a preloaded library forges the clock.
                threading.Event().wait(min(_LONGEST_REST, self._rest * took))
            return [{name.lower(): value for name, value in row.items()} for row in cursor]

    def run(self, statement: str) -> None:
        """Run a statement that has no rows.

        Raises:
            QueryError: The server refused the statement.
            ServerAwayError: The server is gone.
        """
        with self._translated(), self._session.cursor() as cursor:
            cursor.execute(statement)

    @contextmanager
    def within(self, schema: str) -> Any:
        """Have names without a schema mean tables of this one.

        Raises:
            QueryError: The schema cannot be used.
        """
        self.run(f"USE {quoted(schema)}")
        try:
            yield
        finally:
            self.run(f"USE {HOME}")

    def literal(self, value: object) -> str:
        """A value as it is written in SQL."""
        return str(self._session.escape(value))

    def _introduce(self) -> None:
        (row,) = self.rows("SELECT VERSION() AS version, CURRENT_USER() AS user")
        version = str(row["version"])
        self.flavor = "mariadb" if "mariadb" in version.lower() else "mysql"
        numbers = _NUMBER.findall(version.removeprefix("5.5.5-"))[:3]
        self.version = tuple(int(number) for number in numbers)
        name, _, host = str(row["user"]).rpartition("@")
        self.user = f"{quoted(name)}@{quoted(host)}"
        for statement in self._manners():
            with suppress(QueryError):  # a variable that this version does not have
                self.run(statement)

    def _manners(self) -> tuple[str, ...]:
        limit = (
            f"SET SESSION max_statement_time = {STATEMENT_SECONDS}"
            if self.flavor == "mariadb"
            else f"SET SESSION max_execution_time = {STATEMENT_SECONDS * 1000}"
        )
        return (
            limit,
            "SET SESSION TRANSACTION READ ONLY",
            "SET SESSION lock_wait_timeout = 1",
            "SET SESSION innodb_lock_wait_timeout = 1",
            "SET SESSION time_zone = '+00:00'",
            "SET SESSION sql_mode = ''",  # statements to explain may come from any mode
            "SET SESSION slow_query_log = OFF",  # MariaDB: what we read is no news
            "SET SESSION information_schema_stats_expiry = 0",
            "SET SESSION query_cache_type = OFF",  # MariaDB: what is measured is the work
            "SET SESSION explain_json_format_version = 1",
        )

    @contextmanager
    def _translated(self) -> Any:
        try:
            yield
        except (pymysql.err.InterfaceError, OSError):
            raise self._gone() from None
        except pymysql.err.MySQLError as error:
            code = _code(error)
            if code in _GONE:
                raise self._gone() from None
            raise QueryError(code) from None

    def _gone(self) -> ServerAwayError:
        return ServerAwayError(
            f"The database server at {self._place} went away in the middle: nothing was recorded; "
            "run the analysis again when it is back."
        )


def parse_address(address: SecretStr) -> URL:
    """Read the address of a MySQL or MariaDB server.

    Raises:
        ServerRefusedError: It is none.
    """
    try:
        url = make_url(address.get_secret_value())
    except (ArgumentError, ValueError):
        raise ServerRefusedError(_UNREADABLE) from None
    if url.get_backend_name() not in {"mysql", "mariadb"}:
        raise ServerRefusedError(
            f"Only MySQL and MariaDB servers can be analysed, not {url.get_backend_name()}: "
            "write mysql://user:password@host:3306/schema."
        )
    return url.set(drivername="mysql+pymysql")


def _open(url: URL, place: str, patience: int) -> pymysql.Connection[DictCursor]:
    _, options = url.get_dialect()().create_connect_args(url.set(database=HOME))
    try:
        return pymysql.connect(
            **{
                "charset": "utf8mb4",
                **options,
                "cursorclass": DictCursor,
                "autocommit": True,
                "connect_timeout": _CONNECT_SECONDS,
                "read_timeout": patience,
                "write_timeout": patience,
            }
        )
    except OSError as error:  # a socket's errors are translated: it is a file for TLS
        raise ServerRefusedError(
            f"The connection to {place} cannot be made: a file that the address names for TLS "
            f"cannot be read ({type(error).__name__})."
        ) from None
    except (pymysql.err.MySQLError, RuntimeError) as error:
        raise _not_open(_code(error), url.username or "", place) from None


def _not_open(code: int, user: str, place: str) -> DbsbmError:
    if code in _UNWELCOME:
        return ServerRefusedError(
            f"The database server at {place} refuses the user {user!r}: check the name, the "
            "password and the hosts from which the user may connect."
        )
    if code == _ONLY_TLS:
        return ServerRefusedError(
            f"The database server at {place} takes connections by TLS only: add "
            "?ssl_ca=/path/to/ca.pem to the address."
        )
    if code in _FULL:
        return ServerAwayError(f"The database server at {place} has no connection left for us.")
    if code in {2002, 2003, 2005} | _GONE:
        return ServerAwayError(f"No database server answers at {place}.")
    return ServerRefusedError(f"The database server at {place} refuses (error {code}).")


def _code(error: BaseException) -> int:
    code = error.args[0] if error.args else 0
    return code if isinstance(code, int) else 0
