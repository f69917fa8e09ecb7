"""The four alerts of the mission: what raises them, and what looks like it."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.monitor.alerts.rows import HOUR, MINUTE, during, incidents, minute, rows

# Series, the quiet level, a bad level, and one that is hardly bad.
SERIES = [
    ("query_seconds", 0.3, 3.0, 1.3),
    ("api_seconds", 1.5, 15.0, 6.5),
    ("memory_mb", 300.0, 900.0, 590.0),
    ("cache_hit_ratio", 0.93, 0.4, 0.7),
]
each_series = pytest.mark.parametrize(("series", "quiet", "bad", "hardly"), SERIES)


@each_series
def test_a_burst_of_minutes_is_one_incident_found_within_90_seconds(
    series: str, quiet: float, bad: float, hardly: float
) -> None:
    (found,) = incidents(rows(series, during(60, 64, bad, quiet)))
    assert 60 < minute(found.started) <= 61.5
    assert 64 <= minute(found.resolved) < 75
    assert found.messages == 1


@each_series
def test_what_is_hardly_bad_is_found_too(
    series: str, quiet: float, bad: float, hardly: float
) -> None:
    (found,) = incidents(rows(series, during(60, 120, hardly, quiet)))
    assert 60 < minute(found.started) <= 66


@each_series
def test_single_spikes_are_none(series: str, quiet: float, bad: float, hardly: float) -> None:
    chance = random.Random(1)
    found = incidents(rows(series, lambda _: bad if chance.random() < 0.02 else quiet, hours=24))
    assert found == []


@each_series
def test_flaps_are_one_incident(series: str, quiet: float, bad: float, hardly: float) -> None:
    def level(seconds: float) -> float:
        flaps = 60 <= seconds / MINUTE < 120
        return bad if flaps and int(seconds / 90) % 2 == 0 else quiet

    (found,) = incidents(rows(series, level))
    assert minute(found.started) < 75
    assert minute(found.resolved) >= 118


@each_series
def test_a_gap_neither_ends_an_incident_at_once_nor_keeps_it_for_ever(
    series: str, quiet: float, bad: float, hardly: float
) -> None:
    bad_hour = rows(series, during(60, 120, bad, quiet), hours=2)
    later = (
        (str(float(row[0] or 0) + 3 * HOUR), *row[1:])
        for row in rows(series, lambda _: quiet, hours=1)
    )
    (found,) = incidents(bad_hour, later)
    assert 135 < minute(found.resolved) < 160


@pytest.mark.parametrize(("series", "bad"), [(s[0], s[2]) for s in SERIES if s[0] != "memory_mb"])
def test_fewer_than_20_samples_never_page(series: str, bad: float) -> None:
    few = rows(series, lambda _: bad, hours=1, every=200, count=1)
    assert incidents(few) == []


@pytest.mark.parametrize("count", [200, 20_000])
@each_series
def test_the_number_of_samples_beyond_enough_changes_nothing(
    series: str, quiet: float, bad: float, hardly: float, count: int
) -> None:
    (found,) = incidents(rows(series, during(60, 90, hardly, quiet), count=count))
    (same,) = incidents(rows(series, during(60, 90, hardly, quiet), count=2000))
    assert found.started == same.started


def test_the_cold_cache_after_a_restart_is_no_incident() -> None:
    def ratio(seconds: float) -> float:
        since = seconds - 60 * MINUTE
        return 0.93 if since < 0 else 0.93 * min(1.0, 0.2 + since / 400)

    memory = rows("memory_mb", during(0, 60, 400, 150))
    assert incidents(rows("cache_hit_ratio", ratio, noise=0.01), memory) == []


def test_a_cache_that_stays_cold_after_a_restart_is_one() -> None:
    memory = rows("memory_mb", during(0, 60, 400, 150))
    (found,) = incidents(rows("cache_hit_ratio", during(60, 240, 0.4, 0.93)), memory)
    assert 69 < minute(found.started) < 73, "the grace is ten minutes"


def test_a_slow_burn_is_one_incident() -> None:
    burn = rows("query_seconds", lambda seconds: 0.5 + 0.8 * seconds / (4 * HOUR), hours=6)
    (found,) = incidents(burn)
    crossed = 0.5 / 0.8 * 240
    assert crossed - 20 < minute(found.started) < crossed + 10
    assert found.resolved is None


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=19),
    st.sampled_from(["query_seconds", "api_seconds", "cache_hit_ratio"]),
    st.sampled_from([1, 15, 60, 300]),
)
def test_no_values_of_fewer_than_20_samples_page(
    values: list[float], series: str, every: int
) -> None:
    level = {"query_seconds": 20.0, "api_seconds": 100.0, "cache_hit_ratio": 1.0}[series]
    few = ((str(n * every), series, str(value * level), "1") for n, value in enumerate(values))
    assert incidents(few) == []
