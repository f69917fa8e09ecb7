"""What MySQL commits by itself, or might."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text

from tests.integration.querycache.cases.form import (
    MYSQL,
    Case,
    in_text,
)

COMMITTING: Final = tuple(
    Case(name, write, (), touches, MYSQL, commits=True)
    for name, write, touches in (
        (
            "a comment that the server executes",
            in_text("/*! UPDATE bets SET risk = 2 WHERE id = 111 */"),
            None,
        ),
        (
            "a statement within SET",
            in_text("SET STATEMENT max_statement_time = 10 FOR UPDATE bets SET risk = 2"),
            None,
        ),
        (
            "a prepared statement of text",
            lambda s: [
                s.execute(text(sql))
                for sql in (
                    "PREPARE it FROM 'UPDATE bets SET risk = 2 WHERE id = 111'",
                    "EXECUTE it",
                    "DEALLOCATE PREPARE it",
                )
            ],
            None,
        ),
        (
            "ANALYZE runs an update",
            lambda s: s.execute(text("ANALYZE UPDATE bets SET risk = 2")).all(),
            None,
        ),
        ("TRUNCATE", in_text("TRUNCATE TABLE audit"), ("audit",)),
        ("ALTER TABLE", in_text("ALTER TABLE audit MODIFY what VARCHAR(50)"), ("audit",)),
        (
            "RENAME TABLE",
            lambda s: [
                s.execute(text(sql))
                for sql in ("RENAME TABLE audit TO audits", "RENAME TABLE audits TO audit")
            ],
            None,
        ),
        (
            "a definition after a write",
            lambda s: [
                s.execute(text(sql))
                for sql in (
                    "UPDATE bets SET risk = 2 WHERE id = 111",
                    "CREATE INDEX ix_what ON audit (what)",
                    "DROP INDEX ix_what ON audit",
                )
            ],
            ("bets",),
        ),
        (
            "autocommit is switched on after a write",
            lambda s: [
                s.execute(text(sql))
                for sql in (
                    "UPDATE bets SET risk = 2 WHERE id = 111",
                    "SET autocommit = 1",
                    "SET autocommit = 0",
                )
            ],
            ("bets",),
        ),
        (
            "a COMMIT in text",
            lambda s: [s.execute(text(sql)) for sql in ("UPDATE bets SET risk = 2", "COMMIT")],
            ("bets",),
        ),
        (
            "a BEGIN in text after a write",
            lambda s: [s.execute(text(sql)) for sql in ("UPDATE bets SET risk = 2", "BEGIN")],
            ("bets",),
        ),
    )
)
