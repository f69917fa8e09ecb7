from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from dbsbm.monitor.readings.processes import _Numbers


@dataclass(frozen=True)
class Child:
    pid: int


@given(st.lists(st.frozensets(st.integers(1, 50), max_size=6), max_size=30))
def test_children_keep_their_number_and_there_are_never_more_than_live_at_once(
    moments: list[frozenset[int]],
) -> None:
    numbers = _Numbers()
    before: dict[Child, int] = {}
    used: set[int] = set()
    for moment in moments:
        children = [Child(pid) for pid in sorted(moment)]
        now = {child: n for n, child in numbers.of(children)}  # type: ignore[arg-type, misc]
        assert len(set(now.values())) == len(children), "two children share a number"
        for child in now.keys() & before.keys():
            assert now[child] == before[child]
        used |= set(now.values())
        before = now  # type: ignore[assignment]
    assert used <= set(range(1, 7))
