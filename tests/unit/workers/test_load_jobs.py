"""The table of beat_schedule.py, and what SCHEDULE_OVERRIDES makes of it."""

from __future__ import annotations

import pytest
from celery.schedules import crontab

from beat_schedule import SCHEDULE
from dbsbm.errors import ConfigError
from workers.scheduler import load_jobs

TABLE = {
    "often": {"task": "tasks.a.b", "schedule": 5.0, "catch_up": "latest", "lease": 60},
    "nightly": {
        "task": "tasks.c.d",
        "schedule": crontab(minute="17", hour="4"),
        "kwargs": {"categories": ["x"]},
        "catch_up": "all",
        "lease": 60,
    },
}


def test_a_job_is_what_the_table_says() -> None:
    often, nightly = load_jobs(TABLE, {})

    assert (often.name, often.task, often.every, often.catch_up) == (
        "often",
        "tasks.a.b",
        5.0,
        "latest",
    )
    assert often.kwargs == {}
    assert nightly.kwargs == {"categories": ["x"]}
    assert nightly.catch_up == "all"


def test_an_override_changes_the_interval_alone() -> None:
    often, nightly = load_jobs(TABLE, {"nightly": 600.0})

    assert often.every == 5.0
    assert nightly.every == 600.0
    assert nightly.kwargs == {"categories": ["x"]}


def test_zero_switches_a_job_off() -> None:
    assert [job.name for job in load_jobs(TABLE, {"often": 0.0})] == ["nightly"]


def test_an_override_of_no_job_names_those_there_are() -> None:
    with pytest.raises(ConfigError, match="no job 'oftn'; choose from: often, nightly"):
        load_jobs(TABLE, {"oftn": 5.0})


@pytest.mark.parametrize("seconds", [-1.0, 0.001, 1e9, float("nan"), float("inf")])
def test_an_override_must_be_an_interval_that_makes_sense(seconds: float) -> None:
    with pytest.raises(ConfigError, match=r"gives often .* 0 switches the job off"):
        load_jobs(TABLE, {"often": seconds})


def test_the_projects_own_table_loads() -> None:
    assert [job.name for job in load_jobs(SCHEDULE, {})] == list(SCHEDULE)
