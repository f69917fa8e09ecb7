from __future__ import annotations

from math import sqrt

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dbsbm.optimizer.wilson import Z_95, wilson_bounds

shares = st.integers(0, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(shares)
def test_a_share_is_as_many_standard_errors_from_its_bounds_as_was_asked(
    share: tuple[int, int],
) -> None:
    successes, trials = share
    assume(trials)
    for bound in wilson_bounds(successes, trials):
        distance = abs(successes / trials - bound)
        error = sqrt(bound * (1 - bound) / trials)  # of the bound, were it the true share
        assert distance == pytest.approx(Z_95 * error, rel=1e-6, abs=1e-7)


def test_one_of_one_says_little() -> None:
    assert wilson_bounds(1, 1) == pytest.approx((0.2065, 1.0), abs=1e-4)


def test_nothing_is_known_without_trials() -> None:
    assert wilson_bounds(0, 0) == (0.0, 1.0)


@given(shares)
def test_the_bounds_hold_the_share_and_stay_within_zero_and_one(share: tuple[int, int]) -> None:
    successes, trials = share
    lower, upper = wilson_bounds(successes, trials)
    assert 0 <= lower <= upper <= 1
    if trials:
        assert lower <= successes / trials <= upper


@given(shares)
def test_successes_and_failures_are_mirror_images(share: tuple[int, int]) -> None:
    successes, trials = share
    lower, upper = wilson_bounds(successes, trials)
    mirrored_lower, mirrored_upper = wilson_bounds(trials - successes, trials)
    assert (lower, upper) == pytest.approx((1 - mirrored_upper, 1 - mirrored_lower), abs=1e-9)


@given(st.integers(1, 1000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_more_of_the_same_makes_surer(share: tuple[int, int]) -> None:
    successes, trials = share
    lower, upper = wilson_bounds(successes, trials)
    narrower_lower, narrower_upper = wilson_bounds(successes * 10, trials * 10)
    assert narrower_upper - narrower_lower < upper - lower


@given(st.integers(1, 1000).flatmap(lambda n: st.tuples(st.integers(0, n - 1), st.just(n))))
def test_one_success_more_raises_both_bounds(share: tuple[int, int]) -> None:
    successes, trials = share
    lower, upper = wilson_bounds(successes, trials)
    higher_lower, higher_upper = wilson_bounds(successes + 1, trials)
    assert higher_lower > lower
    assert higher_upper > upper or higher_upper == 1


@pytest.mark.parametrize(("successes", "trials"), [(2, 1), (-1, 5)])
def test_what_is_no_share_is_refused(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="is no share"):
        wilson_bounds(successes, trials)
