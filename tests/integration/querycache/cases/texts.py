"""Text that every database understands, and the driver's own."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text

from tests.integration.querycache.cases.form import (
    NOT_BET_111,
    SQLITE,
    Case,
    driver_sql,
    in_text,
)

TEXTS: Final = (
    Case(
        "text inserts",
        in_text(
            "INSERT INTO bets (guild_id, user_id, state, risk) VALUES (:g, 11, 'open', 1)", g=1
        ),
        NOT_BET_111,
    ),
    Case(
        "text inserts many rows",
        in_text(
            "INSERT INTO bets (id, guild_id, user_id, state, risk) "
            "VALUES (777, 1, 11, 'a', 1), (778, 1, 11, 'b', 2)"
        ),
        NOT_BET_111,
    ),
    Case(
        "text inserts without naming columns",
        in_text("INSERT INTO members VALUES (1, 12, 3)"),
        (),
        ("members",),
    ),
    Case(
        "text inserts from a select",
        in_text(
            "INSERT INTO members (guild_id, user_id, points) "
            "SELECT guild_id, user_id + 5, risk FROM bets"
        ),
        (),
        ("members",),
    ),
    Case(
        "text updates",
        in_text("UPDATE bets SET state = 'it''s', risk = 2 WHERE id = :id", id=111),
        NOT_BET_111,
    ),
    Case(
        "text updates behind a comment and in odd case",
        in_text("/* why */ uPdAtE bets SeT Risk=2 -- so\n wHeRe ID=111"),
        NOT_BET_111,
    ),
    Case(
        "text updates through an alias and a qualified name",
        in_text("UPDATE bets AS b SET risk = 2 WHERE b.id = :id AND b.risk > 0", id=111),
        NOT_BET_111,
    ),
    Case(
        "text compares a number with text",
        in_text("UPDATE bets SET risk = 2 WHERE id = '111'"),
        NOT_BET_111,
    ),
    Case(
        "text updates under OR",
        in_text("UPDATE bets SET risk = 2 WHERE id = 111 OR guild_id = 2"),
        ("bets of 3", "bet 3", "bet 110"),
    ),
    Case("text updates by a function", in_text("UPDATE bets SET risk = 2 WHERE abs(id) = 111")),
    Case(
        "text deletes",
        in_text("DELETE FROM legs WHERE bet_id = :b", b=111),
        ("legs of 110",),
        ("legs",),
    ),
    Case("text deletes every row", in_text("DELETE FROM audit"), (), ("audit",)),
    Case(
        "text with a table expression updates",
        in_text(
            "WITH few AS (SELECT 111 AS id) UPDATE bets SET risk = 2 "
            "WHERE id IN (SELECT id FROM few)"
        ),
        on=SQLITE,
    ),
    Case(
        "text replaces",
        in_text("REPLACE INTO members (guild_id, user_id, points) VALUES (1, 10, 9)"),
        (),
        ("members",),
    ),
    Case(
        "text replaces a parent",
        in_text("REPLACE INTO guilds (id, name) VALUES (1, 'new')"),
        (),
        ("guilds", "bets", "legs", "notes"),
    ),
    Case(
        "the driver's SQL updates",
        driver_sql("UPDATE bets SET risk = ? WHERE id = ?", (2, 111)),
        NOT_BET_111,
    ),
    Case(
        "the driver's SQL inserts many sets of parameters",
        driver_sql(
            "INSERT INTO bets (id, guild_id, user_id, state, risk) VALUES (?, 1, 11, 'a', 1)",
            [(777,), (778,)],
        ),
        NOT_BET_111,
    ),
    Case(
        "the driver's SQL inserts and the database counts",
        driver_sql("INSERT INTO bets (guild_id, user_id, state, risk) VALUES (1, 11, 'a', 1)"),
        NOT_BET_111,
    ),
    Case(
        "a savepoint in text is undone",
        lambda s: [
            s.execute(text(sql))
            for sql in (
                "SAVEPOINT mine",
                "UPDATE bets SET risk = 2",
                "ROLLBACK TO SAVEPOINT mine",
                "RELEASE SAVEPOINT mine",
            )
        ],
        ("",),
        (),
    ),
    Case(
        "text that is too long to be read inserts",
        in_text(
            "INSERT INTO members (guild_id, user_id, points) VALUES "
            + ", ".join(f"(1, {n}, 1)" for n in range(1_000, 4_000))
        ),
        (),
        ("members",),
    ),
)
