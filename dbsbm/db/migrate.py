"""Bring a database's schema up to date."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from pydantic import SecretStr

from dbsbm.db.engine import Database


def config(url: SecretStr) -> Config:
    """Alembic's configuration for this project; the address stays out of any ini file."""
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    settings.set_main_option("path_separator", "os")
    settings.attributes["url"] = url
    return settings


def upgrade(url: SecretStr) -> None:
    """Apply every migration that the database has not seen."""
    command.upgrade(config(url), "head")


def is_current(database: Database) -> bool:
    """True where the schema is the one this code was written for."""
    head = ScriptDirectory(str(Path(__file__).parent / "migrations")).get_current_head()
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head
