from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.rig.ttl_oracle import best_ttl, stale_hits

rates = st.floats(1e-5, 10.0)


def gain(reads: float, changes: float, price: float, ttl: float) -> float:
    saved = reads * ttl - price * stale_hits(reads, changes, ttl)
    return saved * reads / (1 + reads * ttl)


@given(rates, rates, st.floats(2.0, 1000.0), st.floats(0.2, 5.0))
def test_no_other_lifetime_gains_more(
    reads: float, changes: float, price: float, other: float
) -> None:
    ttl = best_ttl(reads, changes, price, 1e5)
    best, tried = (gain(reads, changes, price, each) for each in (ttl, min(1e5, ttl * other)))
    assert tried <= best + 1e-3 * abs(best) + 1e-9


@given(rates, rates, st.floats(2.0, 1000.0), st.floats(1e-3, 100.0))
def test_a_lifetime_is_never_longer_than_allowed(
    reads: float, changes: float, price: float, longest: float
) -> None:
    assert 0 < best_ttl(reads, changes, price, longest) <= longest


def test_stale_hits_are_what_a_simulation_counts() -> None:
    random, reads, changes, ttl = Random(1), 0.5, 0.01, 60.0
    stale, rounds = 0, 20_000
    for _ in range(rounds):
        change, at = random.expovariate(changes), random.expovariate(reads)
        while at < ttl:
            stale += at > change
            at += random.expovariate(reads)
    assert stale_hits(reads, changes, ttl) == pytest.approx(stale / rounds, rel=0.05)


def test_stale_hits_of_what_hardly_changes_do_not_vanish_by_rounding() -> None:
    assert stale_hits(1.0, 1e-12, 10.0) == pytest.approx(5e-11)
