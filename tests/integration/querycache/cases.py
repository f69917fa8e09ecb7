"""Writes through every form that the libraries and the databases have."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, case, delete, func, insert, literal, select, text, update
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.orm import Session

from tests.integration.querycache.schema import (
    DAYS,
    NOTE_IDS,
    Base,
    Bet,
    Guild,
    League,
    Leg,
    Member,
    Note,
)

ANY: Final = ("sqlite", "mysql")
MYSQL: Final = ("mysql",)
SQLITE: Final = ("sqlite",)

Write = Callable[[Session], object]


@dataclass(frozen=True)
class Case:
    """A write.

    Attributes:
        name: In words.
        write: Makes it in a session's transaction.
        spares: Queries that stay valid, by the first words of their names: the write is pinned
            down so far. Queries on tables that it does not touch always stay valid.
        touches: The tables that may count as changed; None where the write is not understood.
        on: The dialects that have this form.
        commits: MySQL commits it by itself, or might.
    """

    name: str
    write: Write
    spares: Sequence[str] = ()
    touches: Sequence[str] | None = ("bets",)
    on: Sequence[str] = ANY
    commits: bool = False


BETS_OF_OTHERS: Final = ("bets of 2", "bets of 3", "bet 2", "bet 3")
BETS: Final = Bet.__table__
NOT_BET_111: Final = (*BETS_OF_OTHERS, "bets of 1/10", "bet 110")


def _bet(**values: Any) -> dict[str, Any]:
    return {"guild_id": 1, "user_id": 11, "state": "open", "risk": 1, **values}


def _flush(change: Callable[[Session], object]) -> Write:
    def write(session: Session) -> None:
        change(session)
        session.flush()

    return write


def _sql(sql: str, **values: Any) -> Write:
    return lambda session: session.execute(text(sql), values)


def _driver(sql: str, *parameters: Any) -> Write:
    """SQL in the driver's own words, written with `?`."""

    def write(session: Session) -> None:
        connection = session.connection()
        driver = sql if connection.dialect.name == "sqlite" else sql.replace("?", "%s")
        connection.exec_driver_sql(driver, *parameters)

    return write


def _core(statement: Any, *parameters: Any) -> Write:
    return lambda session: session.connection().execute(statement, *parameters)


def _orm(statement: Any, *parameters: Any) -> Write:
    return lambda session: session.execute(statement, *parameters)


def _set(model: type[Base], key: Any, **values: Any) -> Write:
    def change(session: Session) -> None:
        row = session.get_one(model, key)
        for name, value in values.items():
            setattr(row, name, value)

    return _flush(change)


def _add_leg(session: Session) -> None:
    bet = session.get_one(Bet, 111)
    bet.legs.append(Leg(result="won"))
    session.flush()


def _nested(session: Session, statement: Any) -> None:
    with session.begin_nested(), session.begin_nested():
        session.execute(statement)


def _undone(session: Session, statement: Any) -> None:
    outer = session.begin_nested()
    with session.begin_nested():
        session.execute(statement)
    outer.rollback()


def _around(session: Session) -> None:
    session.execute(update(BETS).where(BETS.c.id == 111).values(risk=2))
    _undone(session, update(BETS).where(BETS.c.guild_id == 2).values(risk=2))
    session.execute(update(BETS).where(BETS.c.id == 310).values(risk=2))


FLUSHES: Final = (
    Case("a flush inserts a row", _flush(lambda s: s.add(Bet(**_bet()))), NOT_BET_111),
    Case(
        "a flush inserts many rows",
        _flush(lambda s: s.add_all([Bet(**_bet(risk=n)) for n in range(5)])),
        NOT_BET_111,
    ),
    Case(
        "a flush inserts a row under its key",
        _flush(lambda s: s.add(Bet(id=777, **_bet()))),
        NOT_BET_111,
    ),
    Case("a flush updates a row", _set(Bet, 111, state="won"), NOT_BET_111),
    Case(
        "a flush updates rows of several guilds",
        _flush(lambda s: [setattr(s.get_one(Bet, n), "risk", 9) for n in (110, 210)]),
        ("bets of 3", "bet 3", "bet 111", "bets of 1/11"),
    ),
    Case(
        "a flush moves a row to another scope",
        _set(Bet, 111, guild_id=2),
        ("bets of 3", "bets of 1/10", "bet 110", "bet 2", "bet 3"),
    ),
    Case(
        "a flush moves a row to another key",
        _flush(lambda s: setattr(s.get_one(Member, (1, 10)), "user_id", 12)),
        ("points of 2", "points of 3", "points of 1/11"),
        ("members",),
    ),
    Case(
        "a flush deletes a row and the database its children",
        _flush(lambda s: s.delete(s.get_one(Bet, 111))),
        NOT_BET_111,
        ("bets", "legs"),
    ),
    Case(
        "a flush adds a child through a relationship",
        _flush(_add_leg),
        ("legs of 110", "legs of 210"),
        ("legs",),
    ),
    Case(
        "a flush writes a row with a UUID, text and a day",
        _flush(
            lambda s: s.add(Note(id=uuid.UUID(int=9), guild_id=1, label="LABEL 2 ", day=DAYS[3]))
        ),
        ("note 1", "label 1", "label 3", "day 1", "day 2"),
        ("notes",),
    ),
    Case(
        "a flush writes text whose equality is not known",
        _flush(lambda s: s.add(Note(id=uuid.UUID(int=9), guild_id=1, label="é", day=DAYS[3]))),
        (),
        ("notes",),
    ),
    Case(
        "a flush updates a row by its UUID",
        _set(Note, NOTE_IDS[1], body="!"),
        ("note 2", "label 2", "day 2"),
        ("notes",),
    ),
    Case(
        "a flush inserts, updates and deletes together",
        _flush(
            lambda s: (
                s.add(Bet(**_bet())),
                setattr(s.get_one(Bet, 110), "risk", 2),
                s.delete(s.get_one(Member, (1, 10))),
            )
        ),
        (*BETS_OF_OTHERS, "points of 2", "points of 1/11"),
        ("bets", "members"),
    ),
    Case("a flush finds nothing to do", _set(Bet, 111, state="open"), ("",), ()),
)

ORM_STATEMENTS: Final = (
    Case(
        "the ORM updates in bulk",
        _orm(update(Bet).where(Bet.guild_id == 1).values(risk=7)),
        BETS_OF_OTHERS,
    ),
    Case(
        "the ORM updates by primary keys",
        _orm(update(Bet), [{"id": 110, "risk": 3}, {"id": 111, "risk": 4}]),
        BETS_OF_OTHERS,
    ),
    Case(
        "the ORM deletes in bulk", _orm(delete(Bet).where(Bet.user_id == 11)), (), ("bets", "legs")
    ),
    Case("the ORM inserts in bulk", _orm(insert(Bet), [_bet(), _bet(guild_id=2)]), ()),
    Case(
        "the ORM inserts in bulk with keys",
        _orm(insert(Bet), [_bet(id=777), _bet(id=778, user_id=10)]),
        BETS_OF_OTHERS,
    ),
    Case(
        "the ORM inserts in bulk and returns rows",
        lambda s: s.scalars(insert(Bet).returning(Bet), [_bet(), _bet(risk=2)]).all(),
        NOT_BET_111,
    ),
    Case(
        "bulk_save_objects inserts",
        lambda s: s.bulk_save_objects([Bet(**_bet()), Bet(**_bet())]),
        (),
    ),
    Case(
        "bulk_insert_mappings inserts",
        lambda s: s.bulk_insert_mappings(Bet, [_bet(id=777)]),
        NOT_BET_111,
    ),
    Case(
        "bulk_update_mappings updates",
        lambda s: s.bulk_update_mappings(Bet, [{"id": 111, "risk": 3}]),
        NOT_BET_111,
    ),
    Case(
        "a query updates in the old style",
        lambda s: s.query(Bet).filter(Bet.id == 111).update({"risk": 8}),
        NOT_BET_111,
    ),
    Case(
        "a query deletes in the old style",
        lambda s: s.query(Leg).filter(Leg.bet_id == 111).delete(),
        ("legs of 110",),
        ("legs",),
    ),
)

CORE_STATEMENTS: Final = (
    Case("Core inserts", _core(insert(BETS).values(**_bet())), NOT_BET_111),
    Case(
        "Core inserts and returns the key",
        lambda s: s.connection().execute(insert(BETS).values(**_bet()).returning(BETS.c.id)).all(),
        NOT_BET_111,
    ),
    Case(
        "Core inserts many rows in one statement",
        _core(insert(BETS).values([_bet(id=777), _bet(id=778)])),
        NOT_BET_111,
    ),
    Case(
        "Core inserts many sets of parameters",
        _core(insert(BETS), [_bet(id=777), _bet(id=778)]),
        NOT_BET_111,
    ),
    Case(
        "Core inserts many rows and the database counts them", _core(insert(BETS), [_bet(), _bet()])
    ),
    Case(
        "Core inserts an expression",
        _core(
            insert(BETS).values(
                **{**_bet(id=777), "guild_id": select(func.max(Guild.id)).scalar_subquery()}
            )
        ),
    ),
    Case(
        "Core inserts from a select",
        _core(
            insert(BETS).from_select(
                ["guild_id", "user_id", "state", "risk"],
                select(BETS.c.guild_id, BETS.c.user_id, BETS.c.state, literal(2)).where(
                    BETS.c.id == 110
                ),
            )
        ),
    ),
    Case(
        "Core inserts more rows than are named one by one",
        _core(insert(BETS), [_bet(id=1_000 + n) for n in range(300)]),
    ),
    Case(
        "Core updates by a value",
        _core(update(BETS).where(BETS.c.id == 111).values(risk=2)),
        NOT_BET_111,
    ),
    Case(
        "Core updates by values",
        _core(update(BETS).where(BETS.c.id.in_([110, 111])).values(risk=2)),
        BETS_OF_OTHERS,
    ),
    Case(
        "Core updates by a range",
        _core(update(BETS).where(BETS.c.id < 200).values(risk=2)),
        BETS_OF_OTHERS,
    ),
    Case(
        "Core updates by either of two values",
        _core(update(BETS).where((BETS.c.id == 110) | (BETS.c.id == 111)).values(risk=2)),
        BETS_OF_OTHERS,
    ),
    Case(
        "Core updates by a subquery",
        _core(
            update(BETS)
            .where(BETS.c.guild_id.in_(select(Guild.id).where(Guild.name == "guild 1")))
            .values(risk=2)
        ),
    ),
    Case("Core updates every row", _core(update(BETS).values(risk=BETS.c.risk + 1))),
    Case(
        "Core updates a scope by an expression",
        _core(update(BETS).where(BETS.c.id == 111).values(guild_id=BETS.c.guild_id + 1)),
    ),
    Case(
        "Core updates a scope by a case",
        _core(update(BETS).values(guild_id=case((BETS.c.id == 111, 2), else_=BETS.c.guild_id))),
    ),
    Case(
        "Core moves rows to another scope",
        _core(update(BETS).where(BETS.c.user_id == 11, BETS.c.guild_id == 1).values(guild_id=2)),
        ("bets of 3", "bets of 1/10", "bet 2", "bet 3"),
    ),
    Case(
        "Core updates many sets of parameters",
        _core(
            update(BETS).where(BETS.c.id == bindparam("n")).values(risk=bindparam("r")),
            [{"n": 110, "r": 2}, {"n": 111, "r": 3}],
        ),
        BETS_OF_OTHERS,
    ),
    Case(
        "Core moves rows by many sets of parameters",
        _core(
            update(BETS).where(BETS.c.id == bindparam("n")).values(user_id=bindparam("u")),
            [{"n": 110, "u": 12}, {"n": 111, "u": 10}],
        ),
        BETS_OF_OTHERS,
    ),
    Case(
        "Core updates no row", _core(update(BETS).where(BETS.c.id == 5).values(risk=2)), ("",), ()
    ),
    Case(
        "Core deletes by a value",
        _core(delete(BETS).where(BETS.c.id == 111)),
        NOT_BET_111,
        ("bets", "legs"),
    ),
    Case("Core deletes every row", _core(delete(Member.__table__)), (), ("members",)),
    Case(
        "Core deletes a parent and the database its children and theirs",
        _core(delete(Guild.__table__).where(Guild.id == 1)),
        ("guild 2",),
        ("guilds", "bets", "legs", "notes"),
    ),
    Case(
        "Core renames a key and the database those who refer to it",
        _core(update(League.__table__).where(League.code == "nfl").values(code="afl")),
        ("league nba",),
        ("leagues", "teams"),
    ),
    Case(
        "Core updates a parent but not its key",
        _core(update(League.__table__).where(League.code == "nfl").values(title="?")),
        ("league nba",),
        ("leagues",),
    ),
    Case(
        "Core updates a table of two keys",
        _core(
            update(Member.__table__)
            .where(Member.guild_id == 1, Member.user_id == 10)
            .values(points=4)
        ),
        ("points of 1/11", "points of 2"),
        ("members",),
    ),
    Case(
        "Core updates a table of two keys by one of them",
        _core(update(Member.__table__).where(Member.guild_id == 1).values(points=4)),
        (),
        ("members",),
    ),
    Case(
        "Core updates text in another case",
        _core(update(Note.__table__).where(Note.label == "Label 1").values(body="?")),
        ("label 2", "note 2"),
        ("notes",),
    ),
    Case(
        "Core writes in a savepoint",
        lambda s: _nested(s, update(BETS).where(BETS.c.id == 111).values(risk=2)),
        NOT_BET_111,
    ),
    Case(
        "Core writes in a savepoint that is undone",
        lambda s: _undone(s, update(BETS).where(BETS.c.id == 111).values(risk=2)),
        ("",),
        (),
    ),
    Case(
        "Core writes before and after a savepoint that is undone",
        _around,
        ("bets of 2", "bet 2", "bet 110"),
        ("bets",),
    ),
)


TEXTS: Final = (
    Case(
        "text inserts",
        _sql("INSERT INTO bets (guild_id, user_id, state, risk) VALUES (:g, 11, 'open', 1)", g=1),
        NOT_BET_111,
    ),
    Case(
        "text inserts many rows",
        _sql(
            "INSERT INTO bets (id, guild_id, user_id, state, risk) "
            "VALUES (777, 1, 11, 'a', 1), (778, 1, 11, 'b', 2)"
        ),
        NOT_BET_111,
    ),
    Case(
        "text inserts without naming columns",
        _sql("INSERT INTO members VALUES (1, 12, 3)"),
        (),
        ("members",),
    ),
    Case(
        "text inserts from a select",
        _sql(
            "INSERT INTO members (guild_id, user_id, points) "
            "SELECT guild_id, user_id + 5, risk FROM bets"
        ),
        (),
        ("members",),
    ),
    Case(
        "text updates",
        _sql("UPDATE bets SET state = 'it''s', risk = 2 WHERE id = :id", id=111),
        NOT_BET_111,
    ),
    Case(
        "text updates behind a comment and in odd case",
        _sql("/* why */ uPdAtE bets SeT Risk=2 -- so\n wHeRe ID=111"),
        NOT_BET_111,
    ),
    Case(
        "text updates through an alias and a qualified name",
        _sql("UPDATE bets AS b SET risk = 2 WHERE b.id = :id AND b.risk > 0", id=111),
        NOT_BET_111,
    ),
    Case(
        "text compares a number with text",
        _sql("UPDATE bets SET risk = 2 WHERE id = '111'"),
        NOT_BET_111,
    ),
    Case(
        "text updates under OR",
        _sql("UPDATE bets SET risk = 2 WHERE id = 111 OR guild_id = 2"),
        ("bets of 3", "bet 3", "bet 110"),
    ),
    Case("text updates by a function", _sql("UPDATE bets SET risk = 2 WHERE abs(id) = 111")),
    Case(
        "text deletes",
        _sql("DELETE FROM legs WHERE bet_id = :b", b=111),
        ("legs of 110",),
        ("legs",),
    ),
    Case("text deletes every row", _sql("DELETE FROM audit"), (), ("audit",)),
    Case(
        "text with a table expression updates",
        _sql(
            "WITH few AS (SELECT 111 AS id) UPDATE bets SET risk = 2 "
            "WHERE id IN (SELECT id FROM few)"
        ),
        on=SQLITE,
    ),
    Case(
        "text replaces",
        _sql("REPLACE INTO members (guild_id, user_id, points) VALUES (1, 10, 9)"),
        (),
        ("members",),
    ),
    Case(
        "text replaces a parent",
        _sql("REPLACE INTO guilds (id, name) VALUES (1, 'new')"),
        (),
        ("guilds", "bets", "legs", "notes"),
    ),
    Case(
        "the driver's SQL updates",
        _driver("UPDATE bets SET risk = ? WHERE id = ?", (2, 111)),
        NOT_BET_111,
    ),
    Case(
        "the driver's SQL inserts many sets of parameters",
        _driver(
            "INSERT INTO bets (id, guild_id, user_id, state, risk) VALUES (?, 1, 11, 'a', 1)",
            [(777,), (778,)],
        ),
        NOT_BET_111,
    ),
    Case(
        "the driver's SQL inserts and the database counts",
        _driver("INSERT INTO bets (guild_id, user_id, state, risk) VALUES (1, 11, 'a', 1)"),
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
        _sql(
            "INSERT INTO members (guild_id, user_id, points) VALUES "
            + ", ".join(f"(1, {n}, 1)" for n in range(1_000, 4_000))
        ),
        (),
        ("members",),
    ),
)

OF_MYSQL: Final = tuple(
    Case(name, write, spares, touches, MYSQL)
    for name, write, spares, touches in (
        (
            "ON DUPLICATE KEY UPDATE",
            _core(
                mysql.insert(Member)
                .values(guild_id=1, user_id=10, points=5)
                .on_duplicate_key_update(points=8)
            ),
            (),
            ("members",),
        ),
        (
            "text with ON DUPLICATE KEY UPDATE",
            _sql(
                "INSERT INTO guilds (id, name) VALUES (1, 'x') "
                "ON DUPLICATE KEY UPDATE name = VALUES(name)"
            ),
            (),
            ("guilds",),
        ),
        (
            "INSERT IGNORE of a row that is there",
            _sql("INSERT IGNORE INTO guilds (id, name) VALUES (1, 'x')"),
            ("",),
            (),
        ),
        (
            "INSERT ... SET",
            _sql("INSERT INTO members SET guild_id = 1, user_id = 12, points = 1"),
            ("points of 1/10", "points of 2"),
            ("members",),
        ),
        (
            "REPLACE LOW_PRIORITY",
            _sql("REPLACE LOW_PRIORITY INTO audit (id, what) VALUES (1, 'x')"),
            (),
            ("audit",),
        ),
        (
            "UPDATE IGNORE",
            _sql("UPDATE LOW_PRIORITY IGNORE bets SET risk = 2 WHERE id = 111"),
            NOT_BET_111,
            ("bets",),
        ),
        (
            "UPDATE of joined tables",
            _sql(
                "UPDATE bets JOIN legs ON legs.bet_id = bets.id "
                "SET bets.risk = 2, legs.result = 'won' "
                "WHERE bets.id = 111"
            ),
            (),
            ("bets", "legs"),
        ),
        (
            "UPDATE of one of two joined tables",
            _sql("UPDATE bets b, legs l SET l.result = 'won' WHERE l.bet_id = b.id AND b.id = 111"),
            (),
            ("legs",),
        ),
        (
            "Core updates joined tables",
            _core(update(BETS).where(BETS.c.id == Leg.bet_id, Leg.id == 1_011).values(risk=2)),
            (),
            ("bets",),
        ),
        (
            "DELETE of several tables",
            _sql(
                "DELETE b, m FROM bets AS b JOIN members AS m "
                "ON m.guild_id = b.guild_id WHERE b.id = 111"
            ),
            (),
            ("bets", "legs", "members"),
        ),
        (
            "DELETE FROM ... USING",
            _sql(
                "DELETE FROM legs USING legs JOIN bets ON legs.bet_id = bets.id WHERE bets.id = 111"
            ),
            (),
            ("legs",),
        ),
        (
            "DELETE with a limit",
            _sql("DELETE FROM legs WHERE result = 'open' ORDER BY id LIMIT 1"),
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
            _sql("UPDATE bets FORCE INDEX (PRIMARY) SET risk = 2 WHERE id = 111"),
            NOT_BET_111,
            ("bets",),
        ),
    )
)

COMMITTING: Final = tuple(
    Case(name, write, (), touches, MYSQL, commits=True)
    for name, write, touches in (
        (
            "a comment that the server executes",
            _sql("/*! UPDATE bets SET risk = 2 WHERE id = 111 */"),
            None,
        ),
        (
            "a statement within SET",
            _sql("SET STATEMENT max_statement_time = 10 FOR UPDATE bets SET risk = 2"),
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
        ("TRUNCATE", _sql("TRUNCATE TABLE audit"), ("audit",)),
        ("ALTER TABLE", _sql("ALTER TABLE audit MODIFY what VARCHAR(50)"), ("audit",)),
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

OF_SQLITE: Final = tuple(
    Case(name, write, spares, touches, SQLITE)
    for name, write, spares, touches in (
        (
            "ON CONFLICT DO UPDATE",
            _core(
                sqlite.insert(Member)
                .values(guild_id=1, user_id=10, points=5)
                .on_conflict_do_update(index_elements=["guild_id", "user_id"], set_={"points": 8})
            ),
            (),
            ("members",),
        ),
        (
            "ON CONFLICT DO NOTHING of a row that is there",
            _core(
                sqlite.insert(Member)
                .values(guild_id=1, user_id=10, points=5)
                .on_conflict_do_nothing()
            ),
            ("",),
            (),
        ),
        (
            "INSERT OR REPLACE",
            _sql("INSERT OR REPLACE INTO members (guild_id, user_id, points) VALUES (1, 10, 9)"),
            (),
            ("members",),
        ),
        (
            "INSERT OR IGNORE",
            _sql(
                "INSERT OR IGNORE INTO bets (guild_id, user_id, state, risk) VALUES (1, 11, 'a', 1)"
            ),
            NOT_BET_111,
            ("bets",),
        ),
        (
            "UPDATE OR IGNORE",
            _sql("UPDATE OR IGNORE bets SET risk = 2 WHERE id = 111"),
            NOT_BET_111,
            ("bets",),
        ),
        (
            "UPDATE OR REPLACE",
            _sql("UPDATE OR REPLACE members SET user_id = 11 WHERE guild_id = 1"),
            (),
            ("members",),
        ),
        (
            "UPDATE ... FROM",
            _sql(
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
            _sql("UPDATE bets SET (risk, state) = (2, 'x') WHERE id = 111"),
            (),
            ("bets",),
        ),
    )
)

CASES: Final[tuple[Case, ...]] = (
    *FLUSHES,
    *ORM_STATEMENTS,
    *CORE_STATEMENTS,
    *TEXTS,
    *OF_MYSQL,
    *COMMITTING,
    *OF_SQLITE,
)
