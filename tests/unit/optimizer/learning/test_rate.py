from __future__ import annotations

from math import exp
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbsbm.optimizer.learning.rate import Rate, blend

beliefs = st.builds(Rate, st.floats(0.05, 200.0), st.floats(0.1, 1e6))
spans = st.floats(1e-3, 1e6)


def integrated(belief: Rate, seconds: float, *, changed: bool) -> float:
    """The posterior mean by brute force."""
    steps, top = 200_000, belief.mean + 12 * belief.variance**0.5
    total = moment = 0.0
    for number in range(1, steps):
        rate = top * number / steps
        kept = exp(-rate * seconds)
        weight = rate ** (belief.shape - 1) * exp(-rate * belief.seconds)
        weight *= 1 - kept if changed else kept
        total += weight
        moment += weight * rate
    return moment / total


@pytest.mark.parametrize("changed", [True, False])
@pytest.mark.parametrize("seconds", [0.5, 40.0, 4000.0])
def test_the_mean_after_a_look_is_the_posterior_mean(seconds: float, changed: bool) -> None:
    belief = Rate(2.5, 100.0)
    expected = integrated(belief, seconds, changed=changed)
    assert belief.after(seconds, changed=changed).mean == pytest.approx(expected, rel=1e-3)


@given(beliefs, spans)
def test_a_change_never_lowers_the_mean_and_none_never_raises_it(
    belief: Rate, seconds: float
) -> None:
    assert belief.changed(seconds).mean >= belief.mean * (1 - 1e-6)
    assert belief.unchanged(seconds).mean <= belief.mean
    either = [belief.likelihood(seconds, changed=changed) for changed in (True, False)]
    assert sum(either) == pytest.approx(1)


@given(beliefs, beliefs, st.floats(0, 1))
def test_a_blend_lies_between_and_is_as_wide_as_both(
    first: Rate, second: Rate, share: float
) -> None:
    mixed = blend(first, second, share)
    low, high = sorted((first.mean, second.mean))
    assert low * (1 - 1e-6) <= mixed.mean <= high * (1 + 1e-6)


@pytest.mark.parametrize("rate", [1 / 60, 1 / 1800])
def test_a_rate_is_learned_from_looks_at_any_ages(rate: float) -> None:
    random, belief = Random(3), Rate(0.5, 450.0)
    for _ in range(3000):
        age = random.expovariate(1 / 60)
        belief = belief.after(age, changed=random.expovariate(rate) < age)
    assert belief.mean == pytest.approx(rate, rel=0.25)
