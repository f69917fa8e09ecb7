from __future__ import annotations

import random
from math import pi, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbsbm.optimizer.fleet.trend import LEAST_POINTS, fit
from dbsbm.optimizer.fleet.wording import spell_between, spell_bytes

DAY = 86400.0
STEP = DAY / 8


def line(
    slope_a_day: float, *, noise: float = 0.0, days: float = 14, seed: int = 1
) -> list[tuple[float, float]]:
    chance = random.Random(seed)
    return [
        (place * STEP, 1000 + slope_a_day * place * STEP / DAY + chance.gauss(0, noise))
        for place in range(int(days * 8))
    ]


def test_a_straight_line_is_itself_and_its_interval_is_narrow() -> None:
    trend = fit(line(-50))
    assert trend is not None
    assert trend.slope * DAY == pytest.approx(-50)
    assert trend.lower == pytest.approx(trend.upper)
    least, most = trend.reaches(0) or (0, 0)
    assert least <= most == pytest.approx(trend.level / 50 * DAY)


def test_the_interval_holds_the_true_slope_about_as_often_as_it_says() -> None:
    held = 0
    for seed in range(100):
        trend = fit(line(-30, noise=60, seed=seed))
        held += trend is not None and trend.lower * DAY <= -30 <= trend.upper * DAY
    assert held >= 90


def test_few_wild_readings_move_nothing() -> None:
    points = line(-50, noise=5)
    for place in range(5, len(points), 9):
        points[place] = (points[place][0], 50_000.0)
    trend = fit(points)
    assert trend is not None
    assert trend.slope * DAY == pytest.approx(-50, rel=0.1)


def test_what_goes_up_and_down_every_day_is_not_sure_to_go_anywhere() -> None:
    for phase in range(8):
        points = [(at, 1000 + 300 * sin(2 * pi * at / DAY + phase)) for at, _ in line(0, days=3)]
        trend = fit(points)
        assert trend is None or trend.reaches(0) is None


def test_noise_alone_is_rarely_a_trend() -> None:
    found = [fit(line(0, noise=50, seed=seed)) for seed in range(200)]
    assert sum(each is not None and each.reaches(0) is not None for each in found) <= 10


def test_one_step_is_no_trend() -> None:
    for place in (20, 56, 90):
        points = line(0, noise=1)
        points[place:] = [(at, value - 400) for at, value in points[place:]]
        trend = fit(points)
        assert trend is None or trend.reaches(0) is None


def test_what_goes_the_other_way_never_arrives() -> None:
    trend = fit(line(50, noise=5))
    assert trend is not None
    assert trend.reaches(0) is None
    assert trend.reaches(5000) is not None


def test_too_few_points_say_nothing() -> None:
    assert fit(line(-50)[: LEAST_POINTS - 1]) is None
    assert fit([(float(at), 7.0) for at in range(50)]) is not None  # flat is a line, too


@given(
    st.lists(st.floats(-1e12, 1e12), min_size=LEAST_POINTS, max_size=40),
    st.floats(-1e12, 1e12),
)
def test_the_bounds_are_in_order_whatever_the_values(values: list[float], limit: float) -> None:
    trend = fit([(float(at), value) for at, value in enumerate(values)])
    if trend is not None:
        assert trend.lower <= trend.slope <= trend.upper
        if reached := trend.reaches(limit):
            assert 0 <= reached[0] <= reached[1]


@pytest.mark.parametrize(
    ("least", "most", "text"),
    [
        (9.1 * DAY, 14.2 * DAY, "9 to 14 days"),
        (2 * DAY, 2 * DAY, "2 days"),
        (1.5 * DAY, 4 * DAY, "36 to 96 hours"),
        (3600, 7200, "60 to 120 minutes"),
        (0.4, 1.2, "0 to 1 seconds"),
        (1, 1, "1 second"),
    ],
)
def test_a_span_is_spelled_in_one_unit(least: float, most: float, text: str) -> None:
    assert spell_between(least, most) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(5, "5 bytes"), (1536, "1.5 KiB"), (3 * 1024**2, "3 MiB"), (5 * 1024**3, "5 GiB")],
)
def test_bytes_are_spelled_in_the_largest_unit(count: float, text: str) -> None:
    assert spell_bytes(count) == text
