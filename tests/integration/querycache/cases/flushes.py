"""Flushes of a session."""

from __future__ import annotations

import uuid
from typing import Final

from sqlalchemy.orm import Session

from tests.integration.querycache.cases.form import (
    BETS_OF_OTHERS,
    NOT_BET_111,
    Case,
    a_bet,
    assigned,
    flushed,
)
from tests.integration.querycache.schema import (
    DAYS,
    NOTE_IDS,
    Bet,
    Leg,
    Member,
    Note,
)


def _add_leg(session: Session) -> None:
    bet = session.get_one(Bet, 111)
    bet.legs.append(Leg(result="won"))
    session.flush()


FLUSHES: Final = (
    Case("a flush inserts a row", flushed(lambda s: s.add(Bet(**a_bet()))), NOT_BET_111),
    Case(
        "a flush inserts many rows",
        flushed(lambda s: s.add_all([Bet(**a_bet(risk=n)) for n in range(5)])),
        NOT_BET_111,
    ),
    Case(
        "a flush inserts a row under its key",
        flushed(lambda s: s.add(Bet(id=777, **a_bet()))),
        NOT_BET_111,
    ),
    Case("a flush updates a row", assigned(Bet, 111, state="won"), NOT_BET_111),
    Case(
        "a flush updates rows of several guilds",
        flushed(lambda s: [setattr(s.get_one(Bet, n), "risk", 9) for n in (110, 210)]),
        ("bets of 3", "bet 3", "bet 111", "bets of 1/11"),
    ),
    Case(
        "a flush moves a row to another scope",
        assigned(Bet, 111, guild_id=2),
        ("bets of 3", "bets of 1/10", "bet 110", "bet 2", "bet 3"),
    ),
    Case(
        "a flush moves a row to another key",
        flushed(lambda s: setattr(s.get_one(Member, (1, 10)), "user_id", 12)),
        ("points of 2", "points of 3", "points of 1/11"),
        ("members",),
    ),
    Case(
        "a flush deletes a row and the database its children",
        flushed(lambda s: s.delete(s.get_one(Bet, 111))),
        NOT_BET_111,
        ("bets", "legs"),
    ),
    Case(
        "a flush adds a child through a relationship",
        flushed(_add_leg),
        ("legs of 110", "legs of 210"),
        ("legs",),
    ),
    Case(
        "a flush writes a row with a UUID, text and a day",
        flushed(
            lambda s: s.add(Note(id=uuid.UUID(int=9), guild_id=1, label="LABEL 2 ", day=DAYS[3]))
        ),
        ("note 1", "label 1", "label 3", "day 1", "day 2"),
        ("notes",),
    ),
    Case(
        "a flush writes text whose equality is not known",
        flushed(lambda s: s.add(Note(id=uuid.UUID(int=9), guild_id=1, label="é", day=DAYS[3]))),
        (),
        ("notes",),
    ),
    Case(
        "a flush updates a row by its UUID",
        assigned(Note, NOTE_IDS[1], body="!"),
        ("note 2", "label 2", "day 2"),
        ("notes",),
    ),
    Case(
        "a flush inserts, updates and deletes together",
        flushed(
            lambda s: (
                s.add(Bet(**a_bet())),
                setattr(s.get_one(Bet, 110), "risk", 2),
                s.delete(s.get_one(Member, (1, 10))),
            )
        ),
        (*BETS_OF_OTHERS, "points of 2", "points of 1/11"),
        ("bets", "members"),
    ),
    Case("a flush finds nothing to do", assigned(Bet, 111, state="open"), ("",), ()),
)
