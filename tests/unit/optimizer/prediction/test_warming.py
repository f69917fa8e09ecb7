from __future__ import annotations

from random import Random

import pytest

from dbsbm.optimizer.prediction.demand import WEEK, Demand, Past, Slot
from dbsbm.optimizer.prediction.warming import FROM, UNTIL, plan

NOW = 10 * WEEK


def slot(game: int, *teams: str, kind: str = "odds", at: float = NOW) -> Slot:
    return Slot(kind, "nfl", game, teams, at)


def past(game: int, count: int, *teams: str, weeks: int = 1, spread: float = 0.0) -> Past:
    random = Random(game)
    reads = tuple(sorted(-600 + random.uniform(-spread, spread) for _ in range(count)))
    return Past(slot(game, *teams, at=NOW - weeks * WEEK), reads)


def test_teams_with_many_readers_are_expected_to_have_them_again() -> None:
    games = [("a", "b", 80), ("c", "d", 4), ("a", "c", 30), ("b", "d", 20)]
    demand = Demand.learn([past(n, reads, x, y) for n, (x, y, reads) in enumerate(games)], NOW)
    assert demand.expected(slot(9, "a", "b")) > 3 * demand.expected(slot(9, "c", "d"))


def test_a_team_that_was_never_seen_is_like_its_league() -> None:
    demand = Demand.learn([past(n, 20, f"{n}", f"{n}'") for n in range(8)], NOW)
    assert demand.expected(slot(9, "new", "newer")) == pytest.approx(20, rel=0.15)


def test_last_week_counts_more_than_last_season() -> None:
    games = [past(1, 2, "a", "b", weeks=40), past(2, 50, "a", "b")]
    assert Demand.learn(games, NOW).expected(slot(9, "a", "b")) > 40


def test_what_is_surely_read_is_loaded_shortly_before_its_first_reader_comes() -> None:
    demand = Demand.learn([past(n, 60, f"{n}", f"{n}'", spread=300) for n in range(5)], NOW)
    warms = plan(demand, [slot(9, "1", "2")], {"odds": 900.0})
    assert [round(warm.at - NOW) for warm in warms] == [pytest.approx(-900, abs=60)]
    assert warms[0].chance > 0.99


def test_what_ends_within_the_burst_is_loaded_again_while_it_is_read() -> None:
    demand = Demand.learn([past(n, 200, f"{n}", f"{n}'", spread=300) for n in range(5)], NOW)
    warms = plan(demand, [slot(9, "1", "2")], {"odds": 200.0})
    assert [round(warm.at - warms[0].at) for warm in warms] == [0, 200, 400, 600]
    assert all(FROM - 60 <= warm.at - NOW <= UNTIL for warm in warms)


def test_what_is_hardly_read_is_left_alone_and_so_is_a_kind_of_no_known_lifetime() -> None:
    demand = Demand.learn([past(n, n % 3 == 0, f"{n}", f"{n}'") for n in range(30)], NOW)
    assert plan(demand, [slot(9, "1", "2")], {"odds": 900.0}) == []
    busy = Demand.learn([past(n, 50, f"{n}", f"{n}'") for n in range(5)], NOW)
    assert plan(busy, [slot(9, "1", "2")], {"game": 900.0}) == []
    assert plan(busy, [slot(9, "1", "2", kind="game")], {"game": 900.0}) == []


def test_needless_loads_are_expected_to_stay_within_what_is_tolerated() -> None:
    demand = Demand.learn([past(n, n % 7, f"{n}", f"{n}'", spread=300) for n in range(40)], NOW)
    coming = [slot(100 + n, f"{n}", f"{n}'") for n in range(40)]
    for tolerated in (0.02, 0.1, 0.3):
        warms = plan(demand, coming, {"odds": 900.0}, tolerated_waste=tolerated)
        assert sum(1 - warm.chance for warm in warms) <= tolerated * max(1, len(warms))


def test_without_a_past_nothing_is_planned() -> None:
    assert plan(Demand.learn([], NOW), [slot(9, "a", "b")], {"odds": 900.0}) == []
