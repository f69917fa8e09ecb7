from __future__ import annotations

from typing import Any

import pytest

from dbsbm.providers.errors import BadAnswer
from dbsbm.providers.fields import Undecided, Unreadable
from dbsbm.providers.rows import read_rows


def parse(item: Any) -> int:
    if item["n"] < 0:
        raise Unreadable("number")
    if item["n"] == 0:
        raise Undecided
    return int(item["n"])


def read(*numbers: int) -> tuple[list[int], tuple[str, ...]]:
    return read_rows("espn", "games", [{"n": number} for number in numbers], parse)


def test_good_rows_come_without_a_gap() -> None:
    assert read(1, 2) == ([1, 2], ())


def test_one_broken_row_does_not_hide_the_others() -> None:
    rows, gaps = read(1, -1, 3)

    assert rows == [1, 3]
    assert gaps == ("1 of the games from espn could not be read: no number.",)


def test_rows_that_are_not_decided_yet_are_no_gap() -> None:
    assert read(0, 0) == ([], ())


def test_nothing_but_broken_rows_is_a_changed_layout() -> None:
    with pytest.raises(BadAnswer, match="2 of the games"):
        read(-1, -2)


def test_no_rows_at_all_is_a_day_without_games() -> None:
    assert read() == ([], ())
