from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbsbm.betting.bets import Market, Pick, Side
from dbsbm.betting.games import FinalScore, GameStatus, SportRules, rules_for
from dbsbm.betting.grading import (
    HALF_LOST,
    HALF_WON,
    LOST,
    PUSH,
    VOID,
    WON,
    CannotGradeError,
    Grade,
    Result,
    dead_heat,
    ensure_offered,
    grade,
)
from dbsbm.betting.odds import Odds
from dbsbm.betting.units import QUANTUM
from dbsbm.errors import UserError
from tests.unit.betting.strategies import odds, picks, quarters, risks, scores, totals

NFL = rules_for("football")
SOCCER = rules_for("soccer")
MLB = rules_for("baseball")
EVERY_GRADE = [Grade(r) for r in Result if r is not Result.DEAD_HEAT] + [dead_heat(2), dead_heat(3)]

OPPOSITE = {
    Side.HOME: Side.AWAY,
    Side.AWAY: Side.HOME,
    Side.OVER: Side.UNDER,
    Side.UNDER: Side.OVER,
}


def graded(pick: str, score: FinalScore, rules: SportRules = NFL) -> Grade:
    return grade(Pick.parse(*pick.split()), GameStatus.FINAL, score, rules)


@pytest.mark.parametrize(
    ("pick", "home", "away", "expected"),
    [
        ("moneyline home", 24, 20, WON),
        ("moneyline away", 24, 20, LOST),
        ("moneyline home", 20, 20, PUSH),
        ("moneyline away", 20, 20, PUSH),
        ("spread home -3.5", 24, 20, WON),
        ("spread home -4", 24, 20, PUSH),
        ("spread home -4.5", 24, 20, LOST),
        ("spread away +4", 24, 20, PUSH),
        ("spread away +4.5", 24, 20, WON),
        ("spread away PK", 24, 20, LOST),
        ("total over 43.5", 24, 20, WON),
        ("total over 44", 24, 20, PUSH),
        ("total under 44", 24, 20, PUSH),
        ("total under 43.5", 24, 20, LOST),
        ("spread home -3.75", 24, 20, HALF_WON),
        ("spread home -4.25", 24, 20, HALF_LOST),
        ("spread away +4.25", 24, 20, HALF_WON),
        ("spread away +3.75", 24, 20, HALF_LOST),
        ("spread home -3.25", 24, 20, WON),
        ("total over 43.75", 24, 20, HALF_WON),
        ("total over 44.25", 24, 20, HALF_LOST),
        ("total under 44.25", 24, 20, HALF_WON),
        ("total under 43.75", 24, 20, HALF_LOST),
    ],
)
def test_a_pick_is_graded_on_the_final_score(
    pick: str, home: int, away: int, expected: Grade
) -> None:
    assert graded(pick, FinalScore(home, away)) == expected


@pytest.mark.parametrize(
    ("pick", "expected"),
    [
        ("moneyline home", LOST),
        ("moneyline away", LOST),
        ("moneyline draw", WON),
        ("spread home -0.5", LOST),
        ("spread away +0.5", WON),
        ("spread home -0.25", HALF_LOST),
        ("total over 2.5", LOST),
        ("total under 2.25", HALF_WON),
    ],
)
def test_soccer_is_graded_on_ninety_minutes(pick: str, expected: Grade) -> None:
    """1-1 after 90 minutes, 3-1 after extra time."""
    assert graded(pick, FinalScore(3, 1, regulation=(1, 1)), SOCCER) == expected


def test_overtime_counts_elsewhere() -> None:
    overtime = FinalScore(27, 21, regulation=(21, 21))
    assert graded("moneyline home", overtime) == WON
    assert graded("total over 47.5", overtime) == WON


def test_soccer_without_the_score_of_ninety_minutes_waits_for_a_person() -> None:
    with pytest.raises(CannotGradeError, match="regulation"):
        graded("moneyline home", FinalScore(2, 1), SOCCER)


@pytest.mark.parametrize("status", [GameStatus.CANCELED, GameStatus.POSTPONED])
@given(pick=picks)
def test_a_game_that_was_called_off_voids_every_bet(status: GameStatus, pick: Pick) -> None:
    assert grade(pick, status, None, NFL) == VOID


@pytest.mark.parametrize(
    "status", [GameStatus.SCHEDULED, GameStatus.LIVE, GameStatus.SUSPENDED, GameStatus.UNKNOWN]
)
@given(pick=picks, score=scores())
def test_a_game_that_is_not_over_is_not_graded(
    status: GameStatus, pick: Pick, score: FinalScore
) -> None:
    with pytest.raises(CannotGradeError, match=f"that is {status}"):
        grade(pick, status, score, NFL)


def test_a_game_over_without_a_score_is_not_graded() -> None:
    with pytest.raises(CannotGradeError):
        grade(Pick(Market.MONEYLINE, Side.HOME), GameStatus.FINAL, None, NFL)


@pytest.mark.parametrize(
    ("pick", "rules", "expected"),
    [
        ("moneyline home", MLB, WON),
        ("spread home -1.5", MLB, VOID),
        ("total under 9.5", MLB, VOID),
        ("moneyline home", NFL, VOID),
        ("spread away +9.5", NFL, VOID),
    ],
)
def test_a_shortened_game_counts_only_for_a_baseball_moneyline(
    pick: str, rules: SportRules, expected: Grade
) -> None:
    assert graded(pick, FinalScore(4, 1, shortened=True), rules) == expected


def test_a_draw_can_be_picked_where_games_end_level() -> None:
    draw = Pick(Market.MONEYLINE, Side.DRAW)
    ensure_offered(draw, SOCCER)
    with pytest.raises(UserError, match="no bet on a draw"):
        ensure_offered(draw, NFL)
    ensure_offered(Pick(Market.MONEYLINE, Side.HOME), NFL)


def test_a_sport_without_rules_of_its_own_has_two_ways_and_overtime() -> None:
    assert rules_for("curling") == SportRules()


def test_a_score_cannot_be_negative() -> None:
    with pytest.raises(ValueError, match="negative"):
        FinalScore(3, 1, regulation=(1, -1))


@pytest.mark.parametrize(
    ("given_grade", "profit"),
    [
        (WON, "1.8182"),
        (LOST, "-2"),
        (PUSH, "0"),
        (VOID, "0"),
        (HALF_WON, "0.9091"),
        (HALF_LOST, "-1"),
        (dead_heat(2), "-0.0909"),
        (dead_heat(3), "-0.7273"),
    ],
)
def test_two_units_at_minus_110_win_or_lose_what_the_grade_says(
    given_grade: Grade, profit: str
) -> None:
    assert given_grade.profit(Decimal(2), Odds.parse("-110")) == Decimal(profit)


@pytest.mark.parametrize(("result", "ways"), [(Result.WON, 2), (Result.DEAD_HEAT, 1)])
def test_only_a_dead_heat_is_shared(result: Result, ways: int) -> None:
    with pytest.raises(ValueError, match="dead heat"):
        Grade(result, ways)


@given(risks, odds)
def test_nobody_loses_more_than_the_risk_or_wins_more_than_the_price(
    risk: Decimal, price: Odds
) -> None:
    most = WON.profit(risk, price)
    for each in EVERY_GRADE:
        profit = each.profit(risk, price)
        assert -risk <= profit <= most
        assert profit.as_tuple().exponent == -4


@given(risks, odds)
def test_a_half_result_is_the_mean_of_its_halves(risk: Decimal, price: Odds) -> None:
    assert abs(HALF_WON.profit(risk, price) * 2 - WON.profit(risk, price)) <= 2 * QUANTUM
    assert abs(HALF_LOST.profit(risk, price) * 2 - LOST.profit(risk, price)) <= 2 * QUANTUM


@given(st.sampled_from([Side.HOME, Side.AWAY]), quarters, scores(), odds)
def test_a_spread_on_a_quarter_line_is_the_mean_of_the_lines_beside_it(
    side: Side, line: Decimal, score: FinalScore, price: Odds
) -> None:
    line += Decimal("0.25") if line * 4 % 2 == 0 else 0
    check_mean(Market.SPREAD, side, line, score, price)


@given(st.sampled_from([Side.OVER, Side.UNDER]), totals, scores(), odds)
def test_a_total_on_a_quarter_line_is_the_mean_of_the_lines_beside_it(
    side: Side, line: Decimal, score: FinalScore, price: Odds
) -> None:
    line += Decimal("1.25") if line * 4 % 2 == 0 else 1
    check_mean(Market.TOTAL, side, line, score, price)


def check_mean(market: Market, side: Side, line: Decimal, score: FinalScore, price: Odds) -> None:
    def multiplier(at: Decimal) -> Decimal:
        return grade(Pick(market, side, at), GameStatus.FINAL, score, SOCCER).multiplier(price)

    quarter = Decimal("0.25")
    assert multiplier(line) == (multiplier(line - quarter) + multiplier(line + quarter)) / 2


@given(picks, scores(), risks, st.sampled_from([NFL, SOCCER]))
def test_at_even_money_one_side_wins_what_the_other_loses(
    pick: Pick, score: FinalScore, risk: Decimal, rules: SportRules
) -> None:
    if pick.market is Market.MONEYLINE and rules.three_way:
        return check_three_ways(score, rules)
    if pick.side is Side.DRAW:
        return None
    line = -pick.line if pick.market is Market.SPREAD and pick.line else pick.line
    other = Pick(pick.market, OPPOSITE[pick.side], line)
    even = Odds(Decimal(2))
    profits = [
        grade(each, GameStatus.FINAL, score, rules).profit(risk, even) for each in (pick, other)
    ]
    assert sum(profits) == 0
    return None


def check_three_ways(score: FinalScore, rules: SportRules) -> None:
    grades = [
        grade(Pick(Market.MONEYLINE, side), GameStatus.FINAL, score, rules)
        for side in (Side.HOME, Side.AWAY, Side.DRAW)
    ]
    assert sorted(each.result for each in grades) == [Result.LOST, Result.LOST, Result.WON]


@given(picks, scores(), st.sampled_from([NFL, SOCCER, MLB]))
def test_home_and_away_are_graded_alike(pick: Pick, score: FinalScore, rules: SportRules) -> None:
    swap = {Side.HOME: Side.AWAY, Side.AWAY: Side.HOME}
    mirrored = Pick(pick.market, swap.get(pick.side, pick.side), pick.line)
    assert score.regulation is not None
    mirror = FinalScore(score.away, score.home, score.regulation[::-1])
    assert grade(pick, GameStatus.FINAL, score, rules) == grade(
        mirrored, GameStatus.FINAL, mirror, rules
    )
