from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbsbm.optimizer.sizing.knee import find_knee
from dbsbm.optimizer.sizing.scalability import ENOUGH, Scalability, fit

curves = st.builds(Scalability, st.floats(1, 1000), st.floats(0.01, 0.5), st.floats(0.0005, 0.03))


@given(curves)
def test_three_exact_measurements_tell_the_whole_curve(curve: Scalability) -> None:
    found = fit({size: curve.throughput(size) for size in (1, 6, 24)})
    assert found.knee(24) == curve.knee(24)
    assert found.throughput(15) == pytest.approx(curve.throughput(15), rel=1e-6)


@given(curves, st.integers(2, 60))
def test_the_knee_is_the_smallest_size_that_is_enough(curve: Scalability, largest: int) -> None:
    knee = curve.knee(largest)
    best = max(curve.throughput(size) for size in range(1, largest + 1))
    assert curve.throughput(knee) >= ENOUGH * best
    assert all(curve.throughput(size) < ENOUGH * best for size in range(1, knee))


def test_three_probes_with_noise_are_near_the_knee_of_most_curves() -> None:
    random, near, rounds = Random(5), 0, 500
    for _ in range(rounds):
        curve = Scalability(100, random.uniform(0.02, 0.35), 10 ** random.uniform(-3.5, -1.5))
        found = find_knee(
            lambda size, of=curve: of.throughput(size) * random.gauss(1, 0.02), largest=24
        )
        near += abs(found.size - curve.knee(24)) <= 2
        assert len(found.measured) == 3
    assert near >= 0.9 * rounds


def test_what_noise_makes_a_gain_by_agreeing_is_no_negative_cost() -> None:
    found = fit({1: 100.0, 8: 500.0, 24: 1700.0})
    assert found.waiting >= 0
    assert found.agreeing >= 0


def test_no_size_is_measured_twice_and_few_sizes_end_the_search() -> None:
    tried: list[int] = []

    def probe(size: int) -> float:
        tried.append(size)
        return float(size)

    assert find_knee(probe, largest=4, probes=9).measured.keys() == {1, 2, 3, 4}
    assert sorted(tried) == [1, 2, 3, 4]


def test_a_pool_without_a_choice_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to choose from"):
        find_knee(float, largest=2)


@pytest.mark.parametrize("measured", [{}, {3: 10.0}, {1: 10.0, 4: 0.0}])
def test_a_curve_needs_two_sizes_that_did_something(measured: dict[int, float]) -> None:
    with pytest.raises(ValueError, match="two sizes"):
        fit(measured)
