from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from dbsbm.monitor.report.chart.scale import moments, scale
from dbsbm.monitor.report.model import Line, Trend, Unit
from tests.unit.monitor.report.examples import SINCE

VALUES = st.lists(st.none() | st.floats(0, 1e12), min_size=1, max_size=20)


def trend(
    unit: Unit, *lines: list[float | None], step: float = 600.0, stacked: bool = False
) -> Trend:
    starts = [SINCE + number * timedelta(seconds=step) for number in range(len(lines[0]))]
    return Trend("x", "X", unit, step, starts, [Line("", each) for each in lines], stacked)


@given(VALUES, st.sampled_from(["seconds", "bytes", "per_minute"]))
def test_an_axis_ends_above_all_values_and_not_far_above(
    values: list[float | None], unit: Unit
) -> None:
    ends = scale(trend(unit, values))
    highest = max((each for each in values if each is not None), default=0.0)
    assert ends.low == 0
    assert highest <= ends.high * (1 + 1e-6)
    assert ends.high <= max(2 * highest, 2.0**20)
    assert len(set(ends.texts)) == 3


def test_layers_need_room_for_their_sum() -> None:
    parts: list[float | None] = [3 * 2.0**20, None]
    assert scale(trend("bytes", parts, parts, stacked=True)).high == 6 * 2.0**20
    assert scale(trend("bytes", parts, parts)).high == 3 * 2.0**20


def test_a_ratio_ends_at_all_and_begins_at_half_where_it_is_high() -> None:
    assert scale(trend("ratio", [0.9, 0.8])).texts == ("50 %", "75 %", "100 %")
    assert scale(trend("ratio", [0.9, 0.2])).texts == ("0", "50 %", "100 %")


def test_a_day_is_told_by_its_hours_and_a_week_by_its_days() -> None:
    assert [text for _, text in moments(trend("seconds", [1.0] * 12))] == [
        "05:00",
        "06:00",
        "07:00",
    ]
    week = trend("seconds", [1.0] * 7, step=86_400.0)
    assert [text for _, text in moments(week)] == ["20 Nov", "23 Nov", "27 Nov"]
