"""A private MariaDB (or MySQL) server, and fresh databases on it or on one that was lent."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pymysql
from sqlalchemy.engine import URL, make_url

from tests.servers.mariadb_binary import server_program
from tests.servers.ports import free_port
from tests.servers.process import ChildProcess
from tests.servers.programs import find_program
from tests.servers.server import Server
from tests.servers.waiting import wait_until

_USER = "dbsbm_tests"

_OPTIONS = (
    "--innodb-flush-log-at-trx-commit=2",
    "--innodb-buffer-pool-size=64M",
    "--loose-innodb-log-file-size=16M",
    "--loose-mysqlx=OFF",
    "--skip-log-bin",
    "--skip-name-resolve",
    "--performance-schema=ON",
    "--character-set-server=utf8mb4",
    "--max-connections=400",
    # Far from UTC, so that a clock of the server taken for UTC fails a test.
    "--default-time-zone=-04:00",
)


class DatabaseServer:
    """A server on which databases may be created, known by its URL."""

    def __init__(self, url: URL, *, tls: bool = True) -> None:
        # Without TLS no connection reads the machine's certificates: 30 ms of CPU for each.
        self._options_of_connections = {} if tls else {"ssl_disabled": "true"}
        query = {"charset": "utf8mb4", **self._options_of_connections}
        self._url = url.set(drivername="mysql+pymysql", query=query)

    def url(self, database: str = "") -> str:
        """Return the SQLAlchemy URL of a database, or of the server when none is named."""
        return self._url.set(database=database).render_as_string(hide_password=False)

    def renew(self) -> None:
        """Do nothing: a server that was lent is kept running by its owner."""

    def create_database(self) -> str:
        """Create an empty database and return its name."""
        name = f"dbsbm_test_{secrets.token_hex(6)}"
        with self.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database, after ending the connections whose locks would hold that up."""
        with self.cursor() as cursor:
            cursor.execute("SELECT id FROM information_schema.processlist WHERE db = %s", (name,))
            for (connection,) in cursor.fetchall():
                _kill_connection(cursor, connection)
            cursor.execute("SET SESSION lock_wait_timeout = 10")
            cursor.execute(f"DROP DATABASE IF EXISTS `{name}`")

    @contextmanager
    def fresh_database(self) -> Iterator[str]:
        """Create a database, give its URL, and drop it in the end."""
        name = self.create_database()
        try:
            yield self.url(name)
        finally:
            self.renew()
            self.drop_database(name)

    @contextmanager
    def cursor(self) -> Iterator[pymysql.cursors.Cursor]:
        """Give a cursor of a new connection that commits by itself and has no database."""
        connection = pymysql.connect(
            host=self._url.host or "127.0.0.1",
            port=self._url.port or 3306,
            user=self._url.username,
            password=self._url.password or "",
            autocommit=True,
            connect_timeout=5,
            read_timeout=60,
            **self._options_of_connections,
        )
        with connection, connection.cursor() as cursor:
            yield cursor


class MariaDBServer(Server, DatabaseServer):
    """A server of our own on a loopback port, which a test may also freeze, kill and restart."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        self.port = free_port()
        self._password = secrets.token_hex(8)
        super().__init__(self._own_url(), tls=False)
        self._data = self.directory / "data"
        self._program = server_program()
        self._process = ChildProcess(
            [str(self._program), *self._options()],
            cwd=self.directory,
            log=self.directory / "mariadb.log",
        )

    def _own_url(self) -> URL:
        return URL.create("mysql+pymysql", _USER, self._password, host="127.0.0.1", port=self.port)

    def _options(self) -> list[str]:
        return [
            "--no-defaults",  # must come first
            *_run_as(),
            f"--datadir={self._data}",
            self._tmpdir(),
            f"--init-file={self.directory / 'users.sql'}",
            "--bind-address=127.0.0.1",
            f"--port={self.port}",
            # Relative to the data directory: an absolute path may be too long for a socket.
            "--socket=server.sock",
            "--pid-file=server.pid",
            *_OPTIONS,
        ]

    def initialize(self) -> None:
        """Create the system tables, and the statements that create our user at every start.

        Raises:
            AssertionError: The installer failed; the text is what it printed.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        who = f"'{_USER}'@'127.0.0.1'"
        (self.directory / "users.sql").write_text(
            f"CREATE USER IF NOT EXISTS {who} IDENTIFIED BY '{self._password}';\n"
            f"GRANT ALL PRIVILEGES ON *.* TO {who} WITH GRANT OPTION;\n"
        )
        done = subprocess.run(self._installer(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{done.args[0]} failed:\n{done.stdout}{done.stderr}"

    def _installer(self) -> list[str]:
        options = ["--no-defaults", *_run_as(), f"--datadir={self._data}", self._tmpdir()]
        installer = find_program("mariadb-install-db", "mysql_install_db")
        if installer is None:  # MySQL brings its installer within the server
            return [str(self._program), *options, "--initialize-insecure"]
        return [str(installer), *options, "--skip-test-db", "--skip-name-resolve"]

    def _tmpdir(self) -> str:
        # In a directory that is shared, a server that starts deletes what another one works with.
        return f"--tmpdir={self.directory}"

    def start(self) -> None:
        """Start the server and wait until our user can connect.

        Raises:
            AssertionError: It ended or refused for a minute; the text is its log.
        """
        self._process.start()
        wait_until(self._answers, 60, lambda: f"MariaDB answers\n{self.log()}")

    def _answers(self) -> bool:
        assert self._process.running, f"MariaDB ended while starting:\n{self.log()}"
        try:
            with self.cursor() as cursor:
                return bool(cursor.execute("SELECT 1"))
        except pymysql.err.OperationalError:
            return False

    def stop(self) -> None:
        """End the server in good order (SIGTERM)."""
        self._process.stop(timeout=60)

    def close(self) -> None:
        """Kill the server and remove its data, which is too big to keep as evidence."""
        super().close()
        shutil.rmtree(self._data, ignore_errors=True)


def start_mariadb(directory: Path) -> MariaDBServer:
    """Create a server that keeps its data in `directory`, start it and return its handle.

    Raises:
        NoServerError: There is no server program and none can be installed here.
        AssertionError: The server did not come up; the text is its log.
    """
    server = MariaDBServer(directory)
    try:
        server.initialize()
        server.start()
    except BaseException:
        server.close()
        raise
    return server


def lent_server(url: str) -> DatabaseServer:
    """Return the server of a URL such as TEST_DATABASE_URL; its own database is not touched.

    Raises:
        ValueError: The URL does not name a MySQL or MariaDB server.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() not in {"mysql", "mariadb"}:
        raise ValueError("TEST_DATABASE_URL must start with mysql+pymysql://")
    return DatabaseServer(parsed)


def _run_as() -> list[str]:
    """Return the option without which the server refuses to run as root."""
    return ["--user=root"] if os.geteuid() == 0 else []


def _kill_connection(cursor: pymysql.cursors.Cursor, connection: int) -> None:
    try:
        cursor.execute(f"KILL {int(connection)}")
    except pymysql.err.OperationalError as error:
        if error.args[0] != 1094:  # unknown thread id: it has just ended by itself
            raise
