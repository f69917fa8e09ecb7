"""Pauses between two lives of a process."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workers.stack.backoff import FIRST, FORGIVEN_AFTER, MOST, Backoff

lives = st.floats(min_value=0, max_value=FORGIVEN_AFTER * 2)


def test_pauses_double_up_to_a_bound():
    backoff = Backoff()
    assert [backoff.pause_after(0) for _ in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]


def test_a_long_life_is_forgiven():
    backoff = Backoff()
    for _ in range(5):
        backoff.pause_after(1)
    assert backoff.pause_after(FORGIVEN_AFTER) == FIRST


@given(st.lists(lives, max_size=50))
def test_a_pause_is_never_out_of_bounds(all_lives):
    backoff = Backoff()
    assert all(FIRST <= backoff.pause_after(life) <= MOST for life in all_lives)
