from __future__ import annotations

from math import exp, factorial
from random import Random

import pytest

from dbsbm.optimizer.prediction.load import STEP, LoadProfile, concurrency


def day(random: Random, starts: list[float], steps: int = 100) -> dict[float, float]:
    """Ten tasks a step, and fifty more in the two steps after each start."""
    counts = {}
    for number in range(steps):
        at = number * STEP
        mean = 10 + sum(50 for start in starts if 0 <= at - start < 2 * STEP)
        counts[at] = max(0.0, random.gauss(mean, mean**0.5))
    return counts


def test_games_that_were_on_at_once_are_told_apart() -> None:
    starts = [6000.0, 6000.0, 6300.0, 15000.0]
    profile = LoadProfile.learn(day(Random(1), starts), starts)
    (quiet, *_) = profile.forecast(0, STEP, [])
    assert quiet.arrivals * STEP == pytest.approx(10, rel=0.2)
    peak = max(profile.forecast(0, 9000, [3000.0]), key=lambda each: each.arrivals)
    assert 3000 <= peak.at < 3000 + 2 * STEP
    assert peak.arrivals * STEP == pytest.approx(60, rel=0.25)
    assert peak.upper > peak.arrivals


def test_more_games_at_once_than_ever_before_add_up() -> None:
    starts = [6000.0, 15000.0]
    profile = LoadProfile.learn(day(Random(2), starts), starts)
    peak = max(profile.forecast(0, 9000, [3000.0] * 5), key=lambda each: each.arrivals)
    assert peak.arrivals * STEP == pytest.approx(260, rel=0.25)


def waiting_share(load: float, running: int) -> float:
    """Erlang's formula C from its definition."""
    top = load**running / factorial(running) * running / (running - load)
    return top / (sum(load**k / factorial(k) for k in range(running)) + top)


@pytest.mark.parametrize("load", [0.1, 0.9, 3.0, 12.5])
@pytest.mark.parametrize("seconds", [0.05, 0.5, 5.0])
def test_no_fewer_than_suggested_would_do(load: float, seconds: float) -> None:
    running = concurrency(load / seconds, seconds)

    def late(at_once: int) -> float:
        return waiting_share(load, at_once) * exp(-(at_once - load) / seconds)

    assert running > load
    assert late(running) <= 0.05
    assert running - 1 <= load or late(running - 1) > 0.05


def test_no_work_needs_one_and_too_much_is_said() -> None:
    assert concurrency(0.0, 1.0) == 1
    with pytest.raises(ValueError, match="more than one queue's workers"):
        concurrency(5000.0, 1.0)
