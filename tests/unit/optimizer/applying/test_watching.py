from __future__ import annotations

import pytest

from dbsbm.optimizer.applying.watching import LONGEST, Total, Verdict, conclude, judge

BEFORE = {"a": Total(100, 1.0, 100_000), "b": Total(100, 0.1, 100)}


def after(calls: int = 50, seconds: float = 0.01, rows: float = 1000) -> dict[str, Total]:
    """Totals after a window in which each call of `a` took and examined so much."""
    old = BEFORE["a"]
    new = Total(old.calls + calls, old.seconds + calls * seconds, old.rows + int(calls * rows))
    return {**BEFORE, "a": new}


@pytest.mark.parametrize(
    ("window", "verdict"),
    [
        (after(rows=10), "helped"),
        (after(rows=499), "helped"),
        (after(rows=501), "same"),
        (after(seconds=0.002), "helped"),
        (after(seconds=0.004), "same"),
        (after(rows=1250), "same"),
        (after(rows=1300), "worse"),
        (after(seconds=0.025), "worse"),
        (after(calls=19, rows=9000), "unknown"),
        (BEFORE, "unknown"),
    ],
)
def test_a_window_is_compared_with_the_time_before(
    window: dict[str, Total], verdict: Verdict
) -> None:
    assert judge(BEFORE, BEFORE, window).verdict == verdict


def test_the_window_alone_counts_and_not_the_time_before_it() -> None:
    start = after(calls=1000, rows=1000)
    end = {**start, "a": Total(1200, 12.0, start["a"].rows + 100 * 9000)}
    assert judge(BEFORE, start, end).digests == ("a",)


def test_a_server_that_counts_anew_is_compared_all_the_same() -> None:
    assert judge(BEFORE, BEFORE, {"a": Total(30, 0.3, 30 * 5000)}).verdict == "worse"


def test_a_small_statement_is_not_worse_for_a_few_rows() -> None:
    old = {"b": Total(100, 0.1, 100)}
    assert judge(old, old, {"b": Total(200, 0.2, 1000)}).verdict == "same"


@pytest.mark.parametrize(
    ("verdicts", "makes_index", "expected"),
    [
        (["helped"], True, "wait"),
        (["helped", "helped"], True, "keep"),
        (["helped", "unknown", "helped"], True, "keep"),
        (["helped", "worse"], True, "revert"),
        (["same", "same"], True, "revert"),
        (["same", "unknown"], True, "wait"),
        (["unknown"] * LONGEST, True, "revert"),
        (["unknown", "same"], False, "keep"),
        (["unknown"], False, "wait"),
        (["worse"], False, "revert"),
    ],
)
def test_windows_add_up_to_a_conclusion(
    verdicts: list[Verdict], makes_index: bool, expected: str
) -> None:
    assert conclude(verdicts, makes_index=makes_index) == expected
