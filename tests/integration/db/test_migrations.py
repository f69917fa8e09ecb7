from __future__ import annotations

import re
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from pydantic import SecretStr
from sqlalchemy import inspect

import dbsbm.db.migrations
from dbsbm.db.engine import Database
from dbsbm.db.migrate import config, is_current, upgrade
from dbsbm.db.models import Base


def test_an_upgrade_from_empty_gives_the_schema_of_the_models(database_url: str) -> None:
    upgrade(SecretStr(database_url))
    database = Database(SecretStr(database_url))
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    assert is_current(database)
    database.dispose()


def test_an_empty_database_is_not_current(database_url: str) -> None:
    database = Database(SecretStr(database_url))
    assert not is_current(database)
    database.dispose()


def test_upgrading_twice_changes_nothing(database_url: str) -> None:
    upgrade(SecretStr(database_url))
    upgrade(SecretStr(database_url))


def test_downgrading_leaves_nothing_behind(database_url: str) -> None:
    upgrade(SecretStr(database_url))
    command.downgrade(config(SecretStr(database_url)), "base")
    database = Database(SecretStr(database_url))
    assert set(inspect(database.engine).get_table_names()) <= {"alembic_version"}
    database.dispose()


def test_the_tables_hold_every_script(mariadb_url: str) -> None:
    upgrade(SecretStr(mariadb_url))
    database = Database(SecretStr(mariadb_url))
    with database.engine.connect() as connection:
        charsets = connection.exec_driver_sql(
            "SELECT DISTINCT table_collation FROM information_schema.tables "
            "WHERE table_schema = DATABASE()"
        ).scalars()
        assert all(name.startswith("utf8mb4") for name in charsets)
    database.dispose()


def test_no_migration_speaks_a_dialect_that_mysql_8_refuses() -> None:
    """MariaDB-only words, by the list of differences that its documentation keeps."""
    only_mariadb = re.compile(
        r"IF NOT EXISTS.*(INDEX|COLUMN)|RETURNING|\bSEQUENCE\b|\bUUID\b\s*\(|IGNORED|PERSISTENT|"
        r"WITHOUT OVERLAPS|SYSTEM VERSIONING|INET[46]",
        re.IGNORECASE,
    )
    folder = Path(dbsbm.db.migrations.__path__[0]) / "versions"
    for script in folder.glob("*.py"):
        assert not only_mariadb.search(script.read_text()), script.name


def test_every_index_fits_into_the_key_length_of_mysql() -> None:
    """InnoDB allows 3072 bytes a key, and utf8mb4 takes 4 for a character."""
    for table in Base.metadata.tables.values():
        for index in [*table.indexes, table.primary_key]:
            length = sum(4 * (getattr(c.type, "length", None) or 2) for c in index.columns)
            assert length <= 3072, f"{table.name}: {index.name}"
