"""Alembic's scripts: the only thing that changes the schema."""
