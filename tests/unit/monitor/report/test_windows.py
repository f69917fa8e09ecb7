from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dbsbm.monitor.report.model import Window
from dbsbm.monitor.report.reader import amount, ratio
from dbsbm.monitor.report.windows import aligned, comparisons
from dbsbm.monitor.store.resolutions import floor
from dbsbm.monitor.store.spans import choose_step

NOW = datetime(2026, 11, 20, 18, 3, 20, tzinfo=UTC)
SPANS = st.tuples(
    st.timedeltas(timedelta(minutes=1), timedelta(days=300)),
    st.timedeltas(timedelta(), timedelta(days=90)),
)


def test_a_span_is_never_compared_with_itself() -> None:
    for hours, expected in (
        (1, ("day before", "week before")),
        (24, ("day before", "week before")),
        (25, ("week before",)),
        (7 * 24, ("week before",)),
        (30 * 24, ("span before",)),
    ):
        assert comparisons(NOW - timedelta(hours=hours), NOW) == expected


@given(SPANS)
def test_a_window_holds_whole_points_alone(span: tuple[timedelta, timedelta]) -> None:
    length, ago = span
    window = aligned("x", NOW - ago - length, NOW - ago, NOW)
    step = choose_step(window.since, window.until, NOW, None)
    assert window.since <= NOW - ago - length or window.seconds == step
    assert window.since == floor(window.since, step)
    if NOW - window.until >= timedelta(seconds=step):
        assert window.until == floor(window.until, 60)
    assert window.since < window.until


def test_sums_are_compared_as_if_measured_for_as_long() -> None:
    def window(hours: float, measured: float) -> Window:
        return Window("x", NOW - timedelta(hours=hours), NOW, measured)

    windows = [window(2, 1.0), window(1, 1.0), window(2, 0.8), window(2, 0.7)]
    assert amount(windows, [100, 40, 40, 40], "count", "low").before == (80, 50, None)
    assert amount([window(2, 0.5), window(2, 1)], [9, 9], "count", "low").before == (None,)


def test_a_ratio_of_few_is_shown_and_not_compared() -> None:
    assert ratio([1, 90], [2, 100], "high").value == 0.5
    assert ratio([1, 90], [2, 100], "high").before == (None,)
    assert ratio([90, 1, 95], [100, 2, 100], "high").before == (None, 0.95)
    assert ratio([0], [0], "high").value is None
