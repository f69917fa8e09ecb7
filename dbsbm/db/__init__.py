"""The database: engine, sessions, models, migrations and the outbox."""
