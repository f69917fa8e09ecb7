from __future__ import annotations

from math import exp
from random import Random

import pytest

from dbsbm.optimizer.learning.lifetimes import (
    Looks,
    learn,
    least_stale,
    longest_ttl,
    most_stale,
    stale_share,
)

TABLE = 300.0
HOUR = 3600.0


def looks(rate: float, age: float, count: int, *, since: float = 0.0, seed: int = 1) -> list[Looks]:
    """Reloads of values that change at random, one a minute."""
    draw = Random(seed)
    chance = 1 - exp(-rate * age)
    return [Looks(since + 60.0 * number, 1, age, draw.random() < chance) for number in range(count)]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("rate", [1 / 60, 1 / 600, 1 / 6000])
def test_the_lifetime_that_is_granted_keeps_to_the_budget_by_the_true_rate(
    rate: float, seed: int
) -> None:
    known = learn(looks(rate, TABLE, 300, seed=seed), TABLE)
    assert known is not None
    ttl = longest_ttl([known], 0.02)
    assert stale_share(rate, ttl) <= 0.02
    assert most_stale([known], ttl) == pytest.approx(0.02)


def test_few_looks_grant_less_than_many_that_show_the_same() -> None:
    few, many = (learn([Looks(0, count, 300, changed=False)], TABLE) for count in (10, 1000))
    assert few is not None
    assert many is not None
    assert 0 < longest_ttl([few], 0.02) < longest_ttl([many], 0.02) / 10


def test_what_is_blamed_on_a_lifetime_is_no_more_than_is_true() -> None:
    known = learn(looks(1 / 600, TABLE, 300), TABLE)
    assert known is not None
    assert 0.1 < least_stale([known], TABLE) < stale_share(1 / 600, TABLE)
    # A value that is loaded anew after 300 s never gets older, however long it may live.
    assert least_stale([known], 100 * TABLE) == least_stale([known], TABLE)


def test_after_a_shift_only_the_last_hours_are_believed() -> None:
    calm = looks(1 / 20_000, TABLE, 600)
    steady = learn(calm + looks(1 / 20_000, TABLE, 120, since=36_000, seed=2), TABLE)
    known = learn(calm + looks(1 / 200, TABLE, 120, since=36_000), TABLE)
    assert known is not None
    assert steady is not None
    assert (known.has_shifted, steady.has_shifted) == (True, False)
    assert known.looks == 120
    assert stale_share(1 / 200, longest_ttl([known], 0.02)) <= 0.02


def test_a_class_that_changes_often_shortens_the_lifetime_by_its_part_of_the_reloads() -> None:
    calm, busy = (learn(looks(rate, TABLE, 200), TABLE) for rate in (1 / 90_000, 1 / 100))
    assert calm is not None
    assert busy is not None
    both = longest_ttl([calm, busy], 0.02)
    assert longest_ttl([busy], 0.02) < both < longest_ttl([calm], 0.02)


def test_without_looks_nothing_is_learned() -> None:
    assert learn([], TABLE) is None


def test_very_many_looks_show_the_rate_in_whatever_order_they_were_taken() -> None:
    known = learn([Looks(0, 1e7, 300, True), Looks(0, 1e7, 300, False)], TABLE)
    assert known is not None
    assert known.rate.mean == pytest.approx(0.6931 / 300, rel=0.001)
    assert known.upper == pytest.approx(known.lower, rel=0.01)
