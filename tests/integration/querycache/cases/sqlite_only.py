"""What only SQLite has."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text, update
from sqlalchemy.dialects import sqlite

from tests.integration.querycache.cases.form import (
    NOT_BET_111,
    SQLITE,
    Case,
    core,
    in_text,
)
from tests.integration.querycache.schema import (
    Bet,
    Member,
)

OF_SQLITE: Final = tuple(
    Case(name, write, spares, touches, SQLITE)
    for name, write, spares, touches in (
        (
            "ON CONFLICT DO UPDATE",
            core(
                sqlite.insert(Member)
                .values(guild_id=1, user_id=10, points=5)
                .on_conflict_do_update(index_elements=["guild_id", "user_id"], set_={"points": 8})
            ),
            (),
            ("members",),
        ),
        (
            "ON CONFLICT DO NOTHING of a row that is there",
            core(
                sqlite.insert(Member)
                .values(guild_id=1, user_id=10, points=5)
                .on_conflict_do_nothing()
            ),
            ("",),
            (),
        ),
        (
            "INSERT OR REPLACE",
            in_text("INSERT OR REPLACE INTO members (guild_id, user_id, points) VALUES (1, 10, 9)"),
            (),
            ("members",),
        ),
        (
            "INSERT OR IGNORE",
            in_text(
                "INSERT OR IGNORE INTO bets (guild_id, user_id, state, risk) VALUES (1, 11, 'a', 1)"
            ),
            NOT_BET_111,
            ("bets",),
        ),
        (
            "UPDATE OR IGNORE",
            in_text("UPDATE OR IGNORE bets SET risk = 2 WHERE id = 111"),
            NOT_BET_111,
            ("bets",),
        ),
        (
            "UPDATE OR REPLACE",
            in_text("UPDATE OR REPLACE members SET user_id = 11 WHERE guild_id = 1"),
            (),
            ("members",),
        ),
        (
            "UPDATE ... FROM",
            in_text(
                "UPDATE bets SET risk = 2 FROM legs WHERE legs.bet_id = bets.id AND legs.id = 1011"
            ),
            (),
            ("bets",),
        ),
        (
            "UPDATE ... RETURNING",
            lambda s: s.execute(
                update(Bet).where(Bet.id == 111).values(risk=2).returning(Bet.id)
            ).all(),
            NOT_BET_111,
            ("bets",),
        ),
        (
            "DELETE ... RETURNING",
            lambda s: s.execute(text("DELETE FROM legs WHERE id = 1011 RETURNING id")).all(),
            ("legs of 110", "legs of 210"),
            ("legs",),
        ),
        (
            "a definition",
            lambda s: [
                s.execute(text(sql))
                for sql in (
                    "ALTER TABLE audit ADD COLUMN more INTEGER",
                    "ALTER TABLE audit DROP COLUMN more",
                )
            ],
            (),
            ("audit",),
        ),
        (
            "text that is not understood",
            in_text("UPDATE bets SET (risk, state) = (2, 'x') WHERE id = 111"),
            (),
            ("bets",),
        ),
    )
)
