from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from dbsbm.betting.bets import MAX_LEGS, Market, Pick, Side, ensure_open, ensure_parlay
from dbsbm.betting.games import GameStatus
from dbsbm.errors import UserError

KICKOFF = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
BEFORE = KICKOFF - timedelta(seconds=1)


@pytest.mark.parametrize(
    ("market", "side", "line", "pick"),
    [
        ("moneyline", "home", None, Pick(Market.MONEYLINE, Side.HOME)),
        ("Moneyline", " DRAW ", "", Pick(Market.MONEYLINE, Side.DRAW)),
        ("spread", "away", "+3.5", Pick(Market.SPREAD, Side.AWAY, Decimal("3.5"))),
        ("spread", "home", "\u22127", Pick(Market.SPREAD, Side.HOME, Decimal(-7))),
        ("spread", "home", "pk", Pick(Market.SPREAD, Side.HOME, Decimal(0))),
        ("spread", "home", "-0", Pick(Market.SPREAD, Side.HOME, Decimal(0))),
        ("total", "over", "220,5", Pick(Market.TOTAL, Side.OVER, Decimal("220.5"))),
        ("total", "under", "2.25", Pick(Market.TOTAL, Side.UNDER, Decimal("2.25"))),
    ],
)
def test_picks_are_read_as_members_write_them(
    market: str, side: str, line: str | None, pick: Pick
) -> None:
    assert Pick.parse(market, side, line) == pick


@pytest.mark.parametrize(
    ("market", "side", "line", "sentence"),
    [
        ("moneyline", "over", None, "A moneyline has no over: choose home, away or draw."),
        ("spread", "draw", "1", "A spread has no draw: choose home or away."),
        ("total", "home", "1", "A total has no home: choose over or under."),
        ("moneyline", "home", "-3", "A moneyline has no line"),
        ("spread", "home", None, "A spread needs a line, such as -3.5 or +7."),
        ("total", "over", "  ", "A total needs a line, such as 220.5."),
        ("total", "over", "0", "must be above zero"),
        ("total", "over", "-3", "must be above zero"),
        ("spread", "home", "1.3", "steps of 0.25"),
        ("spread", "home", "1.2501", "steps of 0.25"),
        ("spread", "home", "1000", "stay below 1000"),
        ("spread", "home", "three", "cannot read that as a line"),
        ("spread", "home", "NaN", "cannot read that as a line"),
        ("spread", "home", "1" * 10_000, "cannot read that as a line"),
        ("futures", "home", None, "Choose a market (moneyline, spread or total)"),
        ("total", "middle", "3", "a side (home, away, draw, over or under)"),
    ],
)
def test_what_does_not_go_together_is_refused_with_a_sentence(
    market: str, side: str, line: str | None, sentence: str
) -> None:
    with pytest.raises(UserError) as refused:
        Pick.parse(market, side, line)
    assert sentence in str(refused.value)


@pytest.mark.parametrize("line", ["NaN", "Infinity"])
def test_a_line_that_is_no_number_is_refused(line: str) -> None:
    with pytest.raises(UserError, match=r"steps of 0\.25"):
        Pick(Market.SPREAD, Side.HOME, Decimal(line))


def test_a_line_has_two_places_however_it_was_written() -> None:
    lines = [Pick.parse("spread", "home", text).line for text in ("3.5", "3.50", "+3,5")]
    assert [str(line) for line in lines] == ["3.50"] * 3
    assert str(Pick(Market.SPREAD, Side.HOME, Decimal("-0.0")).line) == "0.00"


def test_bets_are_taken_until_the_start() -> None:
    ensure_open(KICKOFF, GameStatus.SCHEDULED, BEFORE)


@pytest.mark.parametrize(
    ("status", "now", "sentence"),
    [
        (GameStatus.SCHEDULED, KICKOFF, "has started"),
        (GameStatus.LIVE, BEFORE, "has started"),
        (GameStatus.SUSPENDED, BEFORE, "has started"),
        (GameStatus.FINAL, BEFORE, "is over"),
        (GameStatus.FINAL, KICKOFF, "is over"),
        (GameStatus.POSTPONED, BEFORE, "is postponed"),
        (GameStatus.CANCELED, KICKOFF, "is canceled"),
        (GameStatus.UNKNOWN, BEFORE, "try again"),
        (GameStatus.UNKNOWN, KICKOFF, "has started"),
    ],
)
def test_bets_on_a_game_under_way_or_off_are_refused(
    status: GameStatus, now: datetime, sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        ensure_open(KICKOFF, status, now)


HOME = Pick(Market.MONEYLINE, Side.HOME)
OVER = Pick(Market.TOTAL, Side.OVER, Decimal("2.5"))


def test_a_parlay_may_join_games_and_markets_of_one_game() -> None:
    ensure_parlay([("g1", HOME), ("g1", OVER), ("g2", HOME)])


@pytest.mark.parametrize(
    ("legs", "sentence"),
    [
        ([("g1", HOME)], "has 2 to 12 legs, and yours has 1"),
        ([(f"g{n}", HOME) for n in range(MAX_LEGS + 1)], "and yours has 13"),
        ([("g1", HOME), ("g1", HOME)], "same market of the same game"),
        ([("g1", HOME), ("g1", Pick(Market.MONEYLINE, Side.AWAY))], "same market of the same game"),
    ],
)
def test_a_parlay_of_legs_that_do_not_go_together_is_refused(
    legs: list[tuple[str, Pick]], sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        ensure_parlay(legs)
