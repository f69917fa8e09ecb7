"""What only MySQL and MariaDB have."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text, update
from sqlalchemy.dialects import mysql

from tests.integration.querycache.cases.form import (
    BETS,
    MYSQL,
    NOT_BET_111,
    Case,
    core,
    in_text,
)
from tests.integration.querycache.schema import (
    Leg,
    Member,
)

OF_MYSQL: Final = tuple(
    Case(name, write, spares, touches, MYSQL)
    for name, write, spares, touches in (
        (
            "ON DUPLICATE KEY UPDATE",
            core(
                mysql.insert(Member)
                .values(guild_id=1, user_id=10, points=5)
                .on_duplicate_key_update(points=8)
            ),
            (),
            ("members",),
        ),
        (
            "text with ON DUPLICATE KEY UPDATE",
            in_text(
                "INSERT INTO guilds (id, name) VALUES (1, 'x') "
                "ON DUPLICATE KEY UPDATE name = VALUES(name)"
            ),
            (),
            ("guilds",),
        ),
        (
            "INSERT IGNORE of a row that is there",
            in_text("INSERT IGNORE INTO guilds (id, name) VALUES (1, 'x')"),
            (),
            ("guilds",),
        ),
        (
            "INSERT ... SET",
            in_text("INSERT INTO members SET guild_id = 1, user_id = 12, points = 1"),
            ("points of 1/10", "points of 2"),
            ("members",),
        ),
        (
            "REPLACE LOW_PRIORITY",
            in_text("REPLACE LOW_PRIORITY INTO audit (id, what) VALUES (1, 'x')"),
            (),
            ("audit",),
        ),
        (
            "UPDATE IGNORE",
            in_text("UPDATE LOW_PRIORITY IGNORE bets SET risk = 2 WHERE id = 111"),
            (),
            ("bets",),
        ),
        (
            "UPDATE of joined tables",
            in_text(
                "UPDATE bets JOIN legs ON legs.bet_id = bets.id "
                "SET bets.risk = 2, legs.result = 'won' "
                "WHERE bets.id = 111"
            ),
            (),
            ("bets", "legs"),
        ),
        (
            "UPDATE of one of two joined tables",
            in_text(
                "UPDATE bets b, legs l SET l.result = 'won' WHERE l.bet_id = b.id AND b.id = 111"
            ),
            (),
            ("legs",),
        ),
        (
            "Core updates joined tables",
            core(update(BETS).where(BETS.c.id == Leg.bet_id, Leg.id == 1_011).values(risk=2)),
            (),
            ("bets",),
        ),
        (
            "DELETE of several tables",
            in_text(
                "DELETE b, m FROM bets AS b JOIN members AS m "
                "ON m.guild_id = b.guild_id WHERE b.id = 111"
            ),
            (),
            ("bets", "legs", "members"),
        ),
        (
            "DELETE FROM ... USING",
            in_text(
                "DELETE FROM legs USING legs JOIN bets ON legs.bet_id = bets.id WHERE bets.id = 111"
            ),
            (),
            ("legs",),
        ),
        (
            "DELETE with a limit",
            in_text("DELETE FROM legs WHERE result = 'open' ORDER BY id LIMIT 1"),
            (),
            ("legs",),
        ),
        (
            "DELETE ... RETURNING",
            lambda s: s.execute(text("DELETE FROM legs WHERE id = 1011 RETURNING id")).all(),
            ("legs of 110", "legs of 210"),
            ("legs",),
        ),
        (
            "UPDATE with a hint",
            in_text("UPDATE bets FORCE INDEX (PRIMARY) SET risk = 2 WHERE id = 111"),
            NOT_BET_111,
            ("bets",),
        ),
    )
)
