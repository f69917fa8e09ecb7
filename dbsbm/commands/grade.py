"""Grades open bets whose games are over, and settled ones whose results changed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, joinedload

from dbsbm.betting.bets import Market, Pick, Side
from dbsbm.betting.games import FinalScore, GameStatus, rules_for
from dbsbm.betting.grading import CannotGradeError, Grade, grade
from dbsbm.betting.odds import Odds
from dbsbm.db.engine import Database
from dbsbm.db.models import Bet, BetLeg, Game, LedgerEntry

log = logging.getLogger(__name__)

OVER = ("final", "canceled", "postponed")
# A game that is put off is often played on the same or the next day, and its bets go with it.
PUT_OFF_FOR = timedelta(hours=36)
BATCH = 200
# Leagues correct a result within days.
CORRECTED_FOR = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Graded:
    """How many bets one run settled, could not settle yet, and settled anew."""

    settled: int
    waiting: int
    corrected: int = 0


def grade_due(database: Database) -> Graded:
    """Settle open straight bets on games that are over, a batch at a time.

    A bet is graded by its game's result version: the same version twice changes nothing, and a new
    one corrects what the bet brought. A void bet stays void: its stake is long since back.
    """
    settled = waiting = corrected = 0
    for bet_id in _each(database, _open_bets()):
        if database.transact(lambda session: _settle(session, bet_id)):  # noqa: B023
            settled += 1
        else:
            waiting += 1
    for bet_id in _each(database, _changed_bets()):
        corrected += database.transact(lambda session: _correct(session, bet_id))  # noqa: B023
    return Graded(settled, waiting, corrected)


def _each(database: Database, bets: Select[int]) -> Iterator[int]:
    """The bets' ids, read a batch at a time."""
    last = 0
    while True:
        with database.read() as session:
            ids = session.scalars(bets.where(Bet.id > last).order_by(Bet.id).limit(BATCH)).all()
        if not ids:
            return
        yield from ids
        last = ids[-1]


def _open_bets() -> Select[int]:
    abandoned = Game.starts_at < datetime.now(UTC) - PUT_OFF_FOR
    return _bets().where(
        Bet.state == "open",
        Game.status.in_(OVER),
        or_(Game.status != GameStatus.POSTPONED.value, abandoned),
    )


def _changed_bets() -> Select[int]:
    return _bets().where(
        Bet.state.not_in(("open", "void")),
        Game.status.in_(OVER),
        Game.starts_at > datetime.now(UTC) - CORRECTED_FOR,
        BetLeg.result_version != Game.result_version,
    )


def _bets() -> Select[int]:
    return (
        select(Bet.id).join(BetLeg, BetLeg.bet_id == Bet.id).join(Game, Game.id == BetLeg.game_id)
    )


def _locked(session: Session, bet_id: int) -> Bet:
    return session.get_one(
        Bet,
        bet_id,
        options=[joinedload(Bet.legs).joinedload(BetLeg.game).joinedload(Game.league)],
        with_for_update=True,
    )


def _settle(session: Session, bet_id: int) -> bool:
    bet = _locked(session, bet_id)
    if bet.state != "open":
        return False
    try:
        profit = _record(bet)
    except CannotGradeError as error:
        log.info("Bet %d waits: %s", bet_id, error, extra={"action": "bet.waits"})
        return False
    session.add(_entry(bet, "return", bet.risk + profit))
    return True


def _correct(session: Session, bet_id: int) -> bool:
    bet = _locked(session, bet_id)
    before, paid = bet.state, bet.profit
    if before in {"open", "void"} or paid is None:
        return False
    if bet.legs[0].result_version == bet.legs[0].game.result_version:
        return False
    try:
        profit = _record(bet)
    except CannotGradeError:
        return False
    if bet.state == before:
        return False
    session.add(_entry(bet, "correction", profit - paid))
    log.warning(
        "Bet %d was %s and is %s: its game's result changed.",
        *(bet_id, before, bet.state),
        extra={"action": "bet.corrected"},
    )
    return True


def _record(bet: Bet) -> Decimal:
    """Write the result into the bet; returns its profit."""
    leg = bet.legs[0]
    result = _grade(leg)
    profit = result.profit(bet.risk, Odds(bet.odds_decimal))
    if bet.state != result.result.value:
        bet.state, bet.profit, bet.settled_at = result.result.value, profit, datetime.now(UTC)
    leg.result, leg.result_version = result.result.value, leg.game.result_version
    return profit


def _grade(leg: BetLeg) -> Grade:
    game = leg.game
    pick = Pick(Market(leg.market), Side(leg.side), leg.line)
    return grade(pick, GameStatus(game.status), _score(game), rules_for(game.league.sport))


def _score(game: Game) -> FinalScore | None:
    if game.home_score is None or game.away_score is None:
        return None
    regulation = None
    if game.regulation_home_score is not None and game.regulation_away_score is not None:
        regulation = (game.regulation_home_score, game.regulation_away_score)
    return FinalScore(game.home_score, game.away_score, regulation, game.shortened)


def _entry(bet: Bet, kind: str, amount: Decimal) -> LedgerEntry:
    return LedgerEntry(
        guild_id=bet.guild_id,
        user_id=bet.user_id,
        bet_id=bet.id,
        kind=kind,
        amount=amount,
        result_version=bet.legs[0].result_version,
        created_at=datetime.now(UTC),
    )
