"""Alembic's entry point. Migrations always run online, on the address that migrate.py hands in."""

from __future__ import annotations

from alembic import context

from dbsbm.db.engine import Database
from dbsbm.db.models import Base

database = Database(context.config.attributes["url"])
try:
    with database.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            compare_type=True,
            user_module_prefix="types.",
            render_as_batch=connection.dialect.name == "sqlite",
        )
        with context.begin_transaction():
            context.run_migrations()
finally:
    database.dispose()
