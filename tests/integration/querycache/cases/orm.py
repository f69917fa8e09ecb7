"""Statements of the ORM."""

from __future__ import annotations

from typing import Final

from sqlalchemy import delete, insert, update

from tests.integration.querycache.cases.form import (
    BETS_OF_OTHERS,
    NOT_BET_111,
    Case,
    a_bet,
    orm,
)
from tests.integration.querycache.schema import (
    Bet,
    Leg,
)

ORM_STATEMENTS: Final = (
    Case(
        "the ORM updates in bulk",
        orm(update(Bet).where(Bet.guild_id == 1).values(risk=7)),
        BETS_OF_OTHERS,
    ),
    Case(
        "the ORM updates by primary keys",
        orm(update(Bet), [{"id": 110, "risk": 3}, {"id": 111, "risk": 4}]),
        BETS_OF_OTHERS,
    ),
    Case(
        "the ORM deletes in bulk", orm(delete(Bet).where(Bet.user_id == 11)), (), ("bets", "legs")
    ),
    Case("the ORM inserts in bulk", orm(insert(Bet), [a_bet(), a_bet(guild_id=2)]), ()),
    Case(
        "the ORM inserts in bulk with keys",
        orm(insert(Bet), [a_bet(id=777), a_bet(id=778, user_id=10)]),
        BETS_OF_OTHERS,
    ),
    Case(
        "the ORM inserts in bulk and returns rows",
        lambda s: s.scalars(insert(Bet).returning(Bet), [a_bet(), a_bet(risk=2)]).all(),
        NOT_BET_111,
    ),
    Case(
        "bulk_save_objects inserts",
        lambda s: s.bulk_save_objects([Bet(**a_bet()), Bet(**a_bet())]),
        (),
    ),
    Case(
        "bulk_insert_mappings inserts",
        lambda s: s.bulk_insert_mappings(Bet, [a_bet(id=777)]),
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
