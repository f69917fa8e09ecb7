"""Grades open bets whose games are over."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from dbsbm.betting.bets import Market, Pick, Side
from dbsbm.betting.games import FinalScore, GameStatus, rules_for
from dbsbm.betting.grading import CannotGradeError, Grade, grade
from dbsbm.betting.odds import Odds
from dbsbm.db.engine import Database
from dbsbm.db.models import Bet, BetLeg, Game, LedgerEntry

log = logging.getLogger(__name__)

OVER = ("final", "canceled", "postponed")
BATCH = 200


@dataclass(frozen=True, slots=True)
class Graded:
    """How many bets one run settled, and how many it could not yet."""

    settled: int
    waiting: int


def grade_due(database: Database) -> Graded:
    """Settle open straight bets on games that are over, a batch at a time.

    A bet is graded by its game's result version: the same version twice changes nothing.
    """
    settled = waiting = 0
    last = 0
    while True:
        with database.read() as session:
            ids = list(session.scalars(_due(last)))
        if not ids:
            return Graded(settled, waiting)
        for bet_id in ids:
            if database.transact(lambda session: _settle(session, bet_id)):  # noqa: B023
                settled += 1
            else:
                waiting += 1
        last = ids[-1]


def _due(after: int):  # type: ignore[no-untyped-def]
    return (
        select(Bet.id)
        .join(BetLeg, BetLeg.bet_id == Bet.id)
        .join(Game, Game.id == BetLeg.game_id)
        .where(Bet.state == "open", Bet.id > after, Game.status.in_(OVER))
        .order_by(Bet.id)
        .limit(BATCH)
    )


def _settle(session: Session, bet_id: int) -> bool:
    bet = session.get_one(
        Bet,
        bet_id,
        options=[joinedload(Bet.legs).joinedload(BetLeg.game).joinedload(Game.league)],
        with_for_update=True,
    )
    if bet.state != "open":
        return False
    leg = bet.legs[0]
    try:
        result = _grade(leg)
    except CannotGradeError as error:
        log.info("Bet %d waits: %s", bet_id, error, extra={"action": "bet.waits"})
        return False
    profit = result.profit(bet.risk, Odds(bet.odds_decimal))
    now = datetime.now(UTC)
    bet.state, bet.profit, bet.settled_at = result.result.value, profit, now
    leg.result, leg.result_version = result.result.value, leg.game.result_version
    session.add(_entry(bet, profit, leg.game.result_version, now))
    return True


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


def _entry(bet: Bet, profit: Decimal, version: int, now: datetime) -> LedgerEntry:
    """What comes back of the stake, profit included."""
    return LedgerEntry(
        guild_id=bet.guild_id,
        user_id=bet.user_id,
        bet_id=bet.id,
        kind="return",
        amount=bet.risk + profit,
        result_version=version,
        created_at=now,
    )
