"""The truth: rows in a SQLite file, each with a version that only grows."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Row = dict[str, Any]


class Truth:
    """Connections to the file, one a thread.

    A row is `{"key", "version", "token"}`. Its token is even where its transaction is to be
    committed and odd where it is to be rolled back, so that an odd one must never be seen.

    Args:
        file: A database that `create` has made.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._local = threading.local()

    @staticmethod
    def create(file: Path, keys: int) -> None:
        """Make a database with so many rows, all of version 1."""
        with sqlite3.connect(file) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("CREATE TABLE row (key INTEGER PRIMARY KEY, version, token)")
            connection.executemany("INSERT INTO row VALUES (?, 1, 0)", ((k,) for k in range(keys)))
        connection.close()

    def read(self, key: int) -> Row:
        """Return a row as it is committed now."""
        return self.read_many([key])[key]

    def read_many(self, keys: Sequence[int]) -> dict[int, Row]:
        """Return rows as they are committed now, all at one moment."""
        marks = ",".join("?" * len(keys))
        found = self._connection.execute(
            f"SELECT key, version, token FROM row WHERE key IN ({marks})", list(keys)
        )
        return {k: {"key": k, "version": v, "token": token} for k, v, token in found}

    @contextmanager
    def transaction(self, keys: Sequence[int], token: int) -> Iterator[dict[int, int]]:
        """Write new versions and give them by key; the block commits or rolls back.

        What the block left open is rolled back.
        """
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            marks = ",".join("?" * len(keys))
            written = connection.execute(
                f"UPDATE row SET version = version + 1, token = ? WHERE key IN ({marks}) "
                "RETURNING key, version",
                [token, *keys],
            ).fetchall()
            yield dict(written)
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    def commit(self) -> None:
        """Commit this thread's transaction."""
        self._connection.execute("COMMIT")

    @property
    def _connection(self) -> sqlite3.Connection:
        if not hasattr(self._local, "connection"):
            connection = sqlite3.connect(self._file, isolation_level=None, timeout=60)
            connection.execute("PRAGMA synchronous = OFF")
            self._local.connection = connection
        opened: sqlite3.Connection = self._local.connection
        return opened
