"""A private MariaDB whose clock can be put forward, so that it has been up for a month."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pymysql

from bench.harness import progress
from tests.servers.mariadb import MariaDBServer

MONTH = 30 * 24 * 3600
"""Seconds that the server's clock is put forward, part of the load being before."""
_LIBRARY = "libfaketimeMT.so.1"


class ForwardServer(MariaDBServer):
    """A server for one benchmark; `forward` puts its clock on where libfaketime is there."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self._offset = directory.resolve() / "clock"
        self._forward = 0
        library = _library()
        if library is not None:
            self._offset.parent.mkdir(parents=True, exist_ok=True)
            self._offset.write_text("+0s")
            self._process.env = {**os.environ, **self.clock(library)}

    def _options(self) -> list[str]:
        # The planted tables are written faster, and what is read of them stays in memory.
        pool = [
            "--innodb-buffer-pool-size=384M",
            "--loose-innodb-buffer-pool-chunk-size=32M",
            "--loose-innodb-log-file-size=256M",
        ]
        return [*super()._options(), *pool]

    def clock(self, library: Path | None = None) -> Mapping[str, str]:
        """Return the environment in which a program has the server's clock."""
        library = library or _library()
        if library is None:
            return {}
        return {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._offset),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def forward(self, seconds: int) -> None:
        """Put the clock forward, and wait until the server has it."""
        if _library() is None:
            return
        self._forward += seconds
        before = self._uptime()
        self._offset.write_text(f"+{self._forward}s")
        until = time.monotonic() + 10
        while self._uptime() < before + seconds and time.monotonic() < until:
            time.sleep(0.05)

    def _uptime(self) -> int:
        with self.cursor() as cursor:
            cursor.execute("SHOW GLOBAL STATUS LIKE 'Uptime'")
            return int(cursor.fetchall()[0][1])

    def connect(self, database: str | None = None) -> pymysql.connections.Connection:
        """Return a connection that commits by itself."""
        return pymysql.connect(
            host="127.0.0.1",
            port=self.port,
            user=self._url.username,
            password=str(self._url.password),
            database=database,
            charset="utf8mb4",
            autocommit=True,
            read_timeout=120,
        )

    @property
    def login(self) -> tuple[str, str]:
        """The user and the password that programs are given."""
        return str(self._url.username), str(self._url.password)


@contextmanager
def running() -> Iterator[ForwardServer]:
    """Give a server that is removed afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        server = ForwardServer(Path(folder))
        with server:
            server.initialize()
            server.start()
            yield server


def _library() -> Path | None:
    found = sorted(Path("/usr/lib").glob(f"*/faketime/{_LIBRARY}"))
    return found[0] if found else None


def have_clock() -> None:
    """Install libfaketime where that is possible, or say what is missing without it."""
    if _library() is None and not installed(["libfaketime"]):
        progress("without libfaketime the server is young: unused indexes cannot be judged")


def installed(packages: Sequence[str]) -> bool:
    """Install Debian packages as root; tell whether they are there now."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    progress(f"installing {', '.join(packages)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "-qq", "install", "-y", "--no-install-recommends", *packages]
    for command in (["apt-get", "-qq", "update"], install):
        done = subprocess.run(command, env=environment, capture_output=True, check=False)
        if done.returncode != 0:
            return False
    return True
