from __future__ import annotations

from dbsbm.providers.apisports.memo import Memo


def test_a_value_is_kept_for_its_seconds_and_no_longer() -> None:
    now = 0.0
    memo: Memo[str] = Memo(seconds=20, entries=2, clock=lambda: now)
    memo.put("day", "games")

    now = 19.9
    assert memo.get("day") == "games"
    now = 20.0
    assert memo.get("day") is None


def test_the_oldest_value_makes_room() -> None:
    memo: Memo[int] = Memo(seconds=20, entries=2, clock=lambda: 0.0)
    for number in range(3):
        memo.put(str(number), number)

    assert [memo.get(str(number)) for number in range(3)] == [None, 1, 2]


def test_what_was_never_kept_is_none() -> None:
    memo: Memo[int] = Memo(seconds=20, entries=2)

    assert memo.get("day") is None
