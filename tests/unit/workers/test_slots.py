"""When a job is due: whole intervals since 1970, or the minutes of a crontab, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from celery.schedules import crontab
from hypothesis import given
from hypothesis import strategies as st

from workers.scheduler import MOST_SLOTS, Job

MOMENTS = st.integers(946_684_800, 4_102_444_800).map(lambda s: datetime.fromtimestamp(s, UTC))
INTERVALS = st.sampled_from([1.0, 5.0, 60.0, 90.0, 300.0, 3600.0, 86400.0])
CRONTABS = st.builds(
    lambda minute, hour, weekday: crontab(minute=minute, hour=hour, day_of_week=weekday),
    st.sampled_from(["0", "17", "*/15", "59"]),
    st.sampled_from(["*", "4", "*/6", "23"]),
    st.sampled_from(["*", "mon-fri", "sun"]),
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def job(every: float | crontab) -> Job:
    return Job("job", "tasks.some.thing", every)


@given(now=MOMENTS, seconds=INTERVALS)
def test_the_slot_of_an_interval_is_its_last_whole_multiple(now: datetime, seconds: float) -> None:
    slot = job(seconds).slot_at(now)

    assert slot is not None
    assert slot.timestamp() % seconds == 0
    assert timedelta(0) <= now - slot < timedelta(seconds=seconds)


@given(now=MOMENTS, offset=st.integers(-12, 14), every=INTERVALS | CRONTABS)
def test_a_slot_does_not_depend_on_the_time_zone_of_the_clock(
    now: datetime, offset: int, every: float | crontab
) -> None:
    there = now.astimezone(timezone(timedelta(hours=offset)))

    assert job(every).slot_at(there) == job(every).slot_at(now)


@given(now=MOMENTS, every=INTERVALS | CRONTABS)
def test_a_slot_is_its_own_slot(now: datetime, every: float | crontab) -> None:
    slot = job(every).slot_at(now)

    assert slot is not None
    assert slot.tzinfo is UTC
    assert job(every).slot_at(slot) == slot


@given(now=MOMENTS, schedule=CRONTABS)
def test_the_slot_of_a_crontab_is_the_newest_minute_that_matches(
    now: datetime, schedule: crontab
) -> None:
    slot = job(schedule).slot_at(now)
    assert slot is not None
    assert slot <= now
    assert _matches(schedule, slot)

    later = slot + timedelta(minutes=1)
    # What lies between is a week at most; looking at each minute of it would take too long.
    for _ in range(200):
        if later > now:
            break
        assert not _matches(schedule, later)
        later += timedelta(minutes=1)


def _matches(schedule: crontab, moment: datetime) -> bool:
    """The same question, answered field by field."""
    return (
        moment.minute in schedule.minute
        and moment.hour in schedule.hour
        and moment.isoweekday() % 7 in schedule.day_of_week
        and moment.day in schedule.day_of_month
        and moment.month in schedule.month_of_year
    )


@pytest.mark.parametrize(
    ("schedule", "now", "slot"),
    [
        # An hour, a day, a month and a year back.
        ({"minute": "17", "hour": "4"}, "2026-03-01T04:17:00", "2026-03-01T04:17:00"),
        ({"minute": "17", "hour": "4"}, "2026-03-01T04:16:59", "2026-02-28T04:17:00"),
        ({"minute": "17", "hour": "4"}, "2024-03-01T00:00:00", "2024-02-29T04:17:00"),
        ({"minute": "0", "hour": "0"}, "2026-01-01T00:00:30", "2026-01-01T00:00:00"),
        ({"minute": "59", "hour": "23"}, "2026-01-01T00:00:00", "2025-12-31T23:59:00"),
        # Days that a month does not have.
        (
            {"minute": "0", "hour": "0", "day_of_month": "31"},
            "2026-05-01T12:00:00",
            "2026-03-31T00:00:00",
        ),
        (
            {"minute": "0", "hour": "0", "day_of_month": "30"},
            "2026-03-01T12:00:00",
            "2026-01-30T00:00:00",
        ),
        # Sunday is both 0 and 7 to cron.
        (
            {"minute": "0", "hour": "9", "day_of_week": "0"},
            "2026-11-24T00:00:00",
            "2026-11-22T09:00:00",
        ),
        # Celery asks for both the day of the month and that of the week.
        (
            {"minute": "0", "hour": "0", "day_of_month": "13", "day_of_week": "fri"},
            "2026-12-01T00:00:00",
            "2026-11-13T00:00:00",
        ),
        (
            {"minute": "0", "hour": "0", "day_of_month": "29", "month_of_year": "2"},
            "2024-12-31T00:00:00",
            "2024-02-29T00:00:00",
        ),
    ],
)
def test_a_crontab_looks_back_over_ends_of_months(
    schedule: dict[str, str], now: str, slot: str
) -> None:
    assert job(crontab(**schedule)).slot_at(at(now)) == at(slot)


def test_a_leap_day_more_than_a_year_ago_is_not_looked_for() -> None:
    leap_day = crontab(minute="0", hour="0", day_of_month="29", month_of_year="2")

    assert job(leap_day).slot_at(at("2026-06-01T00:00:00")) is None


@given(now=MOMENTS, every=INTERVALS, passed=st.integers(0, 40))
def test_the_slots_between_follow_each_other_without_a_gap(
    now: datetime, every: float, passed: int
) -> None:
    newest = job(every).slot_at(now)
    assert newest is not None
    last = newest - timedelta(seconds=every * passed)

    found = job(every).slots_between(last, newest)

    assert found == [last + timedelta(seconds=every * (n + 1)) for n in range(passed)]


def test_the_slots_of_a_crontab_between_are_all_found() -> None:
    nightly = job(crontab(minute="17", hour="4"))

    found = nightly.slots_between(at("2026-02-26T04:17:00"), at("2026-03-01T04:17:00"))

    assert [slot.day for slot in found] == [27, 28, 1]


def test_after_a_year_away_only_the_newest_slots_are_written_down() -> None:
    newest = at("2026-11-22T00:00:00")

    found = job(60.0).slots_between(newest - timedelta(days=365), newest)

    assert len(found) == MOST_SLOTS
    assert found[-1] == newest
    assert found == sorted(found)
