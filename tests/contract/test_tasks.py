"""The table of tasks, the registered tasks, the queues and the workers say the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from celery import Task

import celeryconfig
import tasks
from tasks.base import FleetTask
from workers.profiles import PROFILES, canary_deadline
from workers.stack.fleet import WORKERS as SMALL_HOST
from workers.watchdog import PERIOD

COMPOSE = celeryconfig.QUEUES  # one profile a queue, of the same name

LONGEST = max(hard for _, _, hard in celeryconfig.TASKS.values())


def test_the_registered_tasks_are_those_of_the_table(registry: dict[str, Task]) -> None:
    assert sorted(registry) == sorted(celeryconfig.TASKS)


def test_every_module_of_tasks_that_registers_any_is_imported() -> None:
    folder = Path(tasks.__path__[0])
    registering = {
        f"tasks.{file.stem}" for file in folder.glob("*.py") if "@shared_task" in file.read_text()
    }

    assert registering == set(celeryconfig.imports)


@pytest.mark.parametrize("name", celeryconfig.TASKS)
def test_a_task_runs_with_the_limits_and_the_safety_of_the_table(
    registry: dict[str, Task], name: str
) -> None:
    task = registry[name]
    _, soft, hard = celeryconfig.TASKS[name]

    assert (task.soft_time_limit, task.time_limit) == (soft, hard)
    assert 0 < soft < hard
    assert isinstance(task, FleetTask)
    assert task.acks_late
    assert task.reject_on_worker_lost


@pytest.mark.parametrize("name", celeryconfig.TASKS)
def test_a_task_goes_to_a_declared_queue(registry: dict[str, Task], name: str) -> None:
    route = registry[name].app.amqp.router.route({}, name)

    assert route["queue"].name == celeryconfig.TASKS[name][0]
    assert route["queue"].name in celeryconfig.QUEUES


@pytest.mark.parametrize("fleet", [COMPOSE, SMALL_HOST], ids=["compose", "small host"])
def test_every_queue_is_eaten_by_exactly_one_profile_of_a_fleet(fleet: tuple[str, ...]) -> None:
    eaten = [queue for name in fleet for queue in PROFILES[name].queues]

    assert sorted(eaten) == sorted(celeryconfig.QUEUES)


def test_every_profile_belongs_to_a_fleet() -> None:
    assert set(PROFILES) == {*COMPOSE, *SMALL_HOST}


def test_no_message_is_redelivered_while_it_may_still_run(registry: dict[str, Task]) -> None:
    held = (celeryconfig.worker_prefetch_multiplier + 1) * LONGEST
    countdown = max(task.retry_backoff_max for task in registry.values())

    assert celeryconfig.broker_transport_options["visibility_timeout"] > held + countdown


@pytest.mark.parametrize("name", PROFILES)
def test_a_worker_is_not_replaced_while_its_longest_task_runs(name: str) -> None:
    queues = PROFILES[name].queues
    longest = max(hard for queue, _, hard in celeryconfig.TASKS.values() if queue in queues)

    assert canary_deadline(queues) > longest
    assert celeryconfig.TASKS["tasks.health.canary"][2] < canary_deadline(queues)
    assert canary_deadline(queues) > PERIOD


def test_only_json_is_taken_from_the_broker(registry: dict[str, Task]) -> None:
    conf = next(iter(registry.values())).app.conf

    assert conf.accept_content == ["json"]
    assert {task.serializer for task in registry.values()} == {"json"}
    assert conf.result_backend is None
