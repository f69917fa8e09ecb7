"""What beat sends exists, and can be called with what beat sends."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime

import pytest
from celery import Task
from celery.schedules import crontab

import celeryconfig
from beat_schedule import SCHEDULE
from tasks.base import ScheduledTask
from workers.scheduler import Job, load_jobs

JOBS = {job.name: job for job in load_jobs(SCHEDULE, {})}


@pytest.fixture(params=sorted(JOBS))
def job(request: pytest.FixtureRequest) -> Job:
    return JOBS[request.param]


def test_a_job_names_a_task_that_claims_its_slot(job: Job, registry: dict[str, Task]) -> None:
    assert isinstance(registry[job.task], ScheduledTask)


def test_a_jobs_arguments_fit_its_task(job: Job, registry: dict[str, Task]) -> None:
    inspect.signature(registry[job.task].run).bind(**job.kwargs)


def test_a_job_has_a_slot_today_and_a_known_way_to_catch_up(job: Job) -> None:
    assert job.slot_at(datetime.now(UTC)) is not None
    assert job.catch_up in {"latest", "all"}
    assert isinstance(job.every, crontab) or job.every > 0


def test_a_slot_is_leased_for_at_least_as_long_as_its_task_may_run(job: Job) -> None:
    _, _, hard = celeryconfig.TASKS[job.task]

    assert SCHEDULE[job.name]["lease"] >= hard


def test_no_task_serves_two_jobs() -> None:
    """tasks.base finds a task's lease by its name."""
    named = [entry["task"] for entry in SCHEDULE.values()]

    assert len(named) == len(set(named))


def test_every_task_that_claims_slots_is_scheduled(registry: dict[str, Task]) -> None:
    claiming = {name for name, task in registry.items() if isinstance(task, ScheduledTask)}

    assert claiming == {entry["task"] for entry in SCHEDULE.values()}
