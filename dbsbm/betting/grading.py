"""Grading: from a pick and a final score to a result, and from a result to a profit."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from dbsbm.betting.bets import Market, Pick, Side
from dbsbm.betting.games import FinalScore, GameStatus, SportRules
from dbsbm.betting.odds import Odds
from dbsbm.betting.units import quantize
from dbsbm.errors import DbsbmError, UserError

QUARTER: Final = Decimal("0.25")


class CannotGradeError(DbsbmError):
    """The game cannot be graded by rule: it is not over, or a score is missing."""


class Result(StrEnum):
    """How a bet, or a leg of a parlay, ended."""

    WON = "won"
    LOST = "lost"
    PUSH = "push"
    VOID = "void"
    HALF_WON = "half_won"
    HALF_LOST = "half_lost"
    DEAD_HEAT = "dead_heat"


@dataclass(frozen=True, slots=True)
class Grade:
    """A result, and what it does to a stake.

    Attributes:
        result: How the bet ended.
        ways: Among how many a dead heat is shared; 1 for every other result.
    """

    result: Result
    ways: int = 1

    def __post_init__(self) -> None:
        if (self.ways >= 2) != (self.result is Result.DEAD_HEAT):
            raise ValueError("a dead heat is shared by two or more, any other result by one")

    def multiplier(self, odds: Odds) -> Decimal:
        """Return what one unit risked gives back, stake included."""
        match self.result:
            case Result.WON:
                return odds.decimal
            case Result.LOST:
                return Decimal(0)
            case Result.HALF_WON:  # half the stake wins, half comes back
                return (odds.decimal + 1) / 2
            case Result.HALF_LOST:  # half the stake comes back, half is lost
                return Decimal("0.5")
            case Result.DEAD_HEAT:  # one share of the stake wins, the others are lost
                return odds.decimal / self.ways
            case Result.PUSH | Result.VOID:
                return Decimal(1)

    def profit(self, risk: Decimal, odds: Odds) -> Decimal:
        """Return the units won or, negative, lost by risking `risk` units, to four places."""
        return quantize(risk * self.multiplier(odds) - risk)


WON: Final = Grade(Result.WON)
LOST: Final = Grade(Result.LOST)
PUSH: Final = Grade(Result.PUSH)
VOID: Final = Grade(Result.VOID)
HALF_WON: Final = Grade(Result.HALF_WON)
HALF_LOST: Final = Grade(Result.HALF_LOST)


def dead_heat(ways: int) -> Grade:
    """Return the grade of a pick that finished level with others for one place."""
    return Grade(Result.DEAD_HEAT, ways)


def grade(pick: Pick, status: GameStatus, score: FinalScore | None, rules: SportRules) -> Grade:
    """Grade a pick.

    Pure: the same game gives the same grade, however often it is asked.

    Raises:
        CannotGradeError: The game is not over, or the score that its sport is graded on is
            missing.
    """
    if status in {GameStatus.CANCELED, GameStatus.POSTPONED}:
        return VOID
    if status is not GameStatus.FINAL or score is None:
        raise CannotGradeError(f"A game that is {status} has no final score to grade on.")
    if score.shortened and not (pick.market is Market.MONEYLINE and rules.shortened_moneyline):
        return VOID
    home, away = _counted(score, rules)
    if pick.line is None:
        return _moneyline(pick.side, home - away, rules)
    return _by_margin(_margin(pick.side, home, away), pick.line, pick.side)


def ensure_offered(pick: Pick, rules: SportRules) -> None:
    """Check that the sport has the outcome.

    Raises:
        UserError: The pick is the draw of a sport that plays until somebody wins.
    """
    if pick.side is Side.DRAW and not rules.three_way:
        raise UserError("That sport has no bet on a draw; pick the home or the away team.")


def _counted(score: FinalScore, rules: SportRules) -> tuple[int, int]:
    if not rules.regulation_only:
        return score.home, score.away
    if score.regulation is None:
        raise CannotGradeError("The score at the end of regulation time is not known.")
    return score.regulation


def _moneyline(side: Side, lead: int, rules: SportRules) -> Grade:
    winner = Side.HOME if lead > 0 else Side.AWAY if lead < 0 else Side.DRAW
    if side is winner:
        return WON
    if winner is Side.DRAW and not rules.three_way:
        return PUSH
    return LOST


def _margin(side: Side, home: int, away: int) -> int:
    """Return the number that the line is added to (spread) or taken from (total)."""
    match side:
        case Side.HOME:
            return home - away
        case Side.AWAY:
            return away - home
        case _:
            return home + away


def _by_margin(margin: int, line: Decimal, side: Side) -> Grade:
    """Compare with a line; a quarter line is two half stakes on the lines beside it."""
    if line % (2 * QUARTER):
        below = _by_margin(margin, line - QUARTER, side)
        above = _by_margin(margin, line + QUARTER, side)
        return _halves(below, above)
    match side:
        case Side.OVER:
            ahead = margin - line
        case Side.UNDER:
            ahead = line - margin
        case _:
            ahead = margin + line
    return WON if ahead > 0 else LOST if ahead < 0 else PUSH


def _halves(one: Grade, other: Grade) -> Grade:
    """Join two half stakes. Their lines are half a point apart: one never wins as one loses."""
    if one == other:
        return one
    return HALF_WON if WON in (one, other) else HALF_LOST
