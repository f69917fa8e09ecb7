from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbsbm.monitor.report.model import Unit, Window
from dbsbm.monitor.report.wording import judge_change, spell, spell_change, spell_length, spell_span
from tests.unit.monitor.report.examples import UNTIL, figure


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "seconds", "-"),
        (0.0, "seconds", "0 ms"),
        (0.00042, "seconds", "0.42 ms"),
        (0.2104, "seconds", "210 ms"),
        (1.234, "seconds", "1.23 s"),
        (90.0, "seconds", "1.5 min"),
        (7200.0, "seconds", "2 h"),
        (200_000.0, "seconds", "2.31 d"),
        (512.0, "bytes", "512 B"),
        (1536.0, "bytes", "1.5 KiB"),
        (5000 * 2.0**30, "bytes", "5,000 GiB"),
        (3 * 2.0**20, "bytes_per_day", "+3 MiB"),
        (-3 * 2.0**20, "bytes_per_day", "-3 MiB"),
        (1.0, "ratio", "100 %"),
        (0.99999, "ratio", "> 99.9 %"),
        (0.0001, "ratio", "< 0.1 %"),
        (0.8125, "ratio", "81.2 %"),
        (43.21, "percent", "43.2 %"),
        (12_034.0, "count", "12,034"),
        (12.34, "per_minute", "12.3/min"),
    ],
)
def test_numbers_are_written_as_people_say_them(value: float | None, unit: Unit, text: str) -> None:
    assert spell(value, unit) == text


@given(st.floats(0, 1e15), st.sampled_from(["seconds", "bytes", "percent", "per_minute"]))
def test_no_number_needs_an_exponent(value: float, unit: Unit) -> None:
    assert "e" not in spell(value, unit).removesuffix(" percent").split()[0]


@pytest.mark.parametrize(
    ("value", "before", "fields", "text", "judged"),
    [
        (1.5, 1.0, {}, "+50 %", "worse"),
        (0.5, 1.0, {}, "-50 %", "better"),
        (1.02, 1.0, {}, "+2 %", ""),
        (1.001, 1.0, {}, "same", ""),
        (30.0, 1.0, {}, "30 times", "worse"),
        (3.0, 0.0, {"unit": "count"}, "was 0", "worse"),
        (0.0, 0.0, {"unit": "count"}, "same", ""),
        (0.9, 0.95, {"unit": "ratio", "better": "high"}, "-5.0 pts", "worse"),
        (20.0, 10.0, {"unit": "percent"}, "+10.0 pts", "worse"),
        (2.0, 1.0, {"better": "neither"}, "+100 %", ""),
        (2.0, None, {}, "no comparison", ""),
        (None, 2.0, {}, "no comparison", ""),
    ],
)
def test_a_change_is_said_and_judged(
    value: float | None, before: float | None, fields: dict[str, str], text: str, judged: str
) -> None:
    changed = figure(value, before, **fields)
    assert (spell_change(changed, 0), judge_change(changed, 0)) == (text, judged)


def test_what_was_not_asked_for_is_no_comparison() -> None:
    assert spell_change(figure(1.0), 0) == "no comparison"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59, "59 s"), (3600, "1 h"), (3725, "1 h 2 min"), (90_061, "1 d 1 h")],
)
def test_a_length_has_its_two_largest_units(seconds: int, text: str) -> None:
    assert spell_length(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(minutes=90), "90 minutes"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(days=1), "24 hours"),
        (timedelta(days=1, minutes=9), "24 hours"),
        (timedelta(days=7), "7 days"),
    ],
)
def test_a_span_is_said_in_one_unit(length: timedelta, text: str) -> None:
    assert spell_span(Window("span", UNTIL - length, UNTIL)) == text
