"""Statements of Core."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import bindparam, case, delete, func, insert, literal, select, update
from sqlalchemy.orm import Session

from tests.integration.querycache.cases.form import (
    BETS,
    BETS_OF_OTHERS,
    NOT_BET_111,
    Case,
    a_bet,
    core,
)
from tests.integration.querycache.schema import (
    Guild,
    League,
    Member,
    Note,
)


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


CORE_STATEMENTS: Final = (
    Case("Core inserts", core(insert(BETS).values(**a_bet())), NOT_BET_111),
    Case(
        "Core inserts and returns the key",
        lambda s: s.connection().execute(insert(BETS).values(**a_bet()).returning(BETS.c.id)).all(),
        NOT_BET_111,
    ),
    Case(
        "Core inserts many rows in one statement",
        core(insert(BETS).values([a_bet(id=777), a_bet(id=778)])),
        NOT_BET_111,
    ),
    Case(
        "Core inserts many sets of parameters",
        core(insert(BETS), [a_bet(id=777), a_bet(id=778)]),
        NOT_BET_111,
    ),
    Case(
        "Core inserts many rows and the database counts them",
        core(insert(BETS), [a_bet(), a_bet()]),
    ),
    Case(
        "Core inserts an expression",
        core(
            insert(BETS).values(
                **{**a_bet(id=777), "guild_id": select(func.max(Guild.id)).scalar_subquery()}
            )
        ),
    ),
    Case(
        "Core inserts from a select",
        core(
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
        core(insert(BETS), [a_bet(id=1_000 + n) for n in range(300)]),
    ),
    Case(
        "Core updates by a value",
        core(update(BETS).where(BETS.c.id == 111).values(risk=2)),
        NOT_BET_111,
    ),
    Case(
        "Core updates by values",
        core(update(BETS).where(BETS.c.id.in_([110, 111])).values(risk=2)),
        BETS_OF_OTHERS,
    ),
    Case(
        "Core updates by a range",
        core(update(BETS).where(BETS.c.id < 200).values(risk=2)),
        BETS_OF_OTHERS,
    ),
    Case(
        "Core updates by either of two values",
        core(update(BETS).where((BETS.c.id == 110) | (BETS.c.id == 111)).values(risk=2)),
        BETS_OF_OTHERS,
    ),
    Case(
        "Core updates by a subquery",
        core(
            update(BETS)
            .where(BETS.c.guild_id.in_(select(Guild.id).where(Guild.name == "guild 1")))
            .values(risk=2)
        ),
    ),
    Case("Core updates every row", core(update(BETS).values(risk=BETS.c.risk + 1))),
    Case(
        "Core updates a scope by an expression",
        core(update(BETS).where(BETS.c.id == 111).values(guild_id=BETS.c.guild_id + 1)),
    ),
    Case(
        "Core updates a scope by a case",
        core(update(BETS).values(guild_id=case((BETS.c.id == 111, 2), else_=BETS.c.guild_id))),
    ),
    Case(
        "Core moves rows to another scope",
        core(update(BETS).where(BETS.c.user_id == 11, BETS.c.guild_id == 1).values(guild_id=2)),
        ("bets of 3", "bets of 1/10", "bet 2", "bet 3"),
    ),
    Case(
        "Core updates many sets of parameters",
        core(
            update(BETS).where(BETS.c.id == bindparam("n")).values(risk=bindparam("r")),
            [{"n": 110, "r": 2}, {"n": 111, "r": 3}],
        ),
        BETS_OF_OTHERS,
    ),
    Case(
        "Core moves rows by many sets of parameters",
        core(
            update(BETS).where(BETS.c.id == bindparam("n")).values(user_id=bindparam("u")),
            [{"n": 110, "u": 12}, {"n": 111, "u": 10}],
        ),
        BETS_OF_OTHERS,
    ),
    Case("Core updates no row", core(update(BETS).where(BETS.c.id == 5).values(risk=2)), ("",), ()),
    Case(
        "Core deletes by a value",
        core(delete(BETS).where(BETS.c.id == 111)),
        NOT_BET_111,
        ("bets", "legs"),
    ),
    Case("Core deletes every row", core(delete(Member.__table__)), (), ("members",)),
    Case(
        "Core deletes a parent and the database its children and theirs",
        core(delete(Guild.__table__).where(Guild.id == 1)),
        ("guild 2",),
        ("guilds", "bets", "legs", "notes"),
    ),
    Case(
        "Core renames a key and the database those who refer to it",
        core(update(League.__table__).where(League.code == "nfl").values(code="afl")),
        ("league nba",),
        ("leagues", "teams"),
    ),
    Case(
        "Core updates a parent but not its key",
        core(update(League.__table__).where(League.code == "nfl").values(title="?")),
        ("league nba",),
        ("leagues",),
    ),
    Case(
        "Core updates a table of two keys",
        core(
            update(Member.__table__)
            .where(Member.guild_id == 1, Member.user_id == 10)
            .values(points=4)
        ),
        ("points of 1/11", "points of 2"),
        ("members",),
    ),
    Case(
        "Core updates a table of two keys by one of them",
        core(update(Member.__table__).where(Member.guild_id == 1).values(points=4)),
        (),
        ("members",),
    ),
    Case(
        "Core updates text in another case",
        core(update(Note.__table__).where(Note.label == "Label 1").values(body="?")),
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
