"""Queues and the processes that eat them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from dbsbm.optimizer.fleet.curves import Curve, Reading
from dbsbm.optimizer.fleet.pools import QUEUES_OF_ROLE, find_pools
from dbsbm.optimizer.rules.fleet import (
    concurrency,
    memory_growth,
    prefetch,
    retries,
    starvation,
    worker_losses,
)
from tests.unit.optimizer.evidence import NOW, STEP, counters, curve, curves, evidence, total
from workers.profiles import PROFILES

MIB = 1024.0 * 1024


def process(role: str, name: str, mib: Sequence[float | None]) -> Curve:
    values = [None if each is None else each * MIB for each in mib]
    return curve("process.memory_bytes", values, role=role, process=name)


def runs(seconds: Sequence[float | None], count: float = 10, /, **labels: str) -> Curve:
    return curve("task.run", seconds, kind="distribution", count=count, **labels)


def test_the_rules_know_every_profile_and_its_queues() -> None:
    assert {f"worker.{name}": each.queues for name, each in PROFILES.items()} == QUEUES_OF_ROLE


def test_roles_that_share_a_queue_are_one_pool() -> None:
    found = curves(
        process("worker.front", "1", [80]),
        process("worker.front", "1.1", [80]),
        process("worker.interactive", "1.1", [80]),
        process("worker.images", "1.1", [80]),
        process("bot", "1", [80]),
    )
    pools = {pool.roles: pool for pool in find_pools(found)}
    assert set(pools) == {("worker.front", "worker.interactive"), ("worker.images",)}
    front = pools["worker.front", "worker.interactive"]
    assert front.queues == ("deliver", "interactive")
    assert list(front.processes.values()) == [2]  # a main process runs no tasks


# --- fleet.concurrency ----------------------------------------------------------------------------


def busy(seconds_a_step: Sequence[float | None], role: str = "worker.images") -> Any:
    queue = QUEUES_OF_ROLE[role][0]
    return concurrency.examine(
        evidence(
            curves=curves(
                process(role, "1.1", [90] * len(seconds_a_step)),
                runs(seconds_a_step, task="tasks.slips.render", queue=queue, outcome="ok"),
                runs([1.0], task="tasks.slips.show", queue=queue, outcome="ok"),
            )
        )
    )


def test_a_pool_that_is_busy_for_an_hour_needs_as_many_processes_as_littles_law_says() -> None:
    quiet, rush = [60.0] * 60, [570.0] * 6
    (finding,) = busy([*quiet, *rush, *quiet])
    assert finding.object == "queues images"
    assert finding.severity == "warning"
    assert "0.95 of 1 process was busy on average (95%)" in finding.cause
    assert "mostly with tasks.slips.render" in finding.cause
    assert finding.evidence["needed"] == 2
    assert "python -m workers worker images" in finding.fix[0]


@pytest.mark.parametrize(
    "seconds",
    [
        [60.0] * 60,
        [60.0] * 30 + [590.0] * 3 + [60.0] * 30,  # half an hour
        [590.0] * 3,  # the fleet is younger than an hour
    ],
)
def test_a_pool_with_room_is_left_alone(seconds: Sequence[float | None]) -> None:
    assert busy(seconds) == []


def test_nobody_waits_for_maintenance() -> None:
    (finding,) = busy([570.0] * 12, "worker.maintenance")
    assert finding.severity == "info"


# --- fleet.starvation -----------------------------------------------------------------------------


def shared(long_runs: float, long_seconds: float, waited: float, others: float = 1000) -> Any:
    return starvation.examine(
        evidence(
            counters=counters(
                total("task.run.count", long_runs, task="tasks.games.refresh", queue="fetch"),
                total(
                    "task.run.sum",
                    long_runs * long_seconds,
                    task="tasks.games.refresh",
                    queue="fetch",
                ),
                total("task.run.count", others, task="tasks.games.show", queue="fetch"),
                total("task.run.sum", others * 0.2, task="tasks.games.show", queue="fetch"),
                total("task.wait.count", long_runs + others, queue="fetch"),
                total("task.wait_long", waited, queue="fetch"),
            )
        )
    )


def test_short_tasks_that_wait_behind_a_long_one_are_found() -> None:
    (finding,) = shared(200, 30, 300)
    assert finding.object == "tasks.games.refresh in fetch"
    assert "ran 200 times for 30.0 s, the other 1000 tasks of the queue fetch for 0.20 s" in (
        finding.cause
    )
    assert "TASKS of celeryconfig.py" in finding.fix[0]


@pytest.mark.parametrize(
    ("long_runs", "long_seconds", "waited", "others"),
    [
        (200, 30, 20, 1000),  # nobody waits
        (200, 1.5, 300, 1000),  # not ten times as long
        (5, 30, 300, 1000),  # not half of the time
        (200, 30, 300, 100),  # hardly anybody to wait
        (900, 30, 800, 1000),  # it is the queue's work
    ],
)
def test_long_tasks_that_nobody_waits_behind_are_left_alone(
    long_runs: float, long_seconds: float, waited: float, others: float
) -> None:
    assert shared(long_runs, long_seconds, waited, others) == []


# --- fleet.memory_growth --------------------------------------------------------------------------


def memory(*mib: Sequence[float | None], role: str = "worker.images") -> Any:
    lives = [process(role, f"1.{n}", each) for n, each in enumerate(mib, 1)]
    work = runs([2.0] * 144, 20, task="tasks.slips.render", queue="images", outcome="ok")
    return memory_growth.examine(evidence(curves=curves(*lives, work)))


def test_a_process_that_grows_all_day_is_found_with_its_growth_a_task() -> None:
    (finding,) = memory([100 + 0.5 * step for step in range(144)])
    assert finding.object == "role worker.images"
    assert "grow by 3 MiB an hour, about 25.6 KiB a task, in 1 lives" in finding.cause
    assert "python -m dbsbm profile worker.images --memory" in finding.fix[0]


def test_processes_that_are_replaced_for_their_growth_are_found() -> None:
    life = [100 + 25 * step for step in range(12)]  # the limit of 400 MiB ends it
    (finding,) = memory(life * 12)
    assert finding.evidence["lives"] == 12


@pytest.mark.parametrize(
    "mib",
    [
        [60, 90, 100, *[104] * 141],  # it loads what it needs
        [100] * 70 + [160] * 74,  # one large request
        [100 + (step % 12) for step in range(144)],  # up and down
        [100 + 0.05 * step for step in range(144)],  # 7 MiB in a day
        [60, 95, 110, 111, 111, 111, 111, 111] * 18,  # restarts, each warms up
        [100 + 3 * step for step in range(12)],  # two hours, 30 MiB
    ],
)
def test_a_process_that_settles_is_left_alone(mib: Sequence[float | None]) -> None:
    assert memory(mib) == []


def test_one_process_of_many_is_no_leak_of_its_role() -> None:
    grows = [100 + 0.5 * step for step in range(144)]
    assert memory(grows, [100.0] * 144, [100.0] * 144) == []
    assert memory(grows, grows, [100.0] * 144)


# --- fleet.retries --------------------------------------------------------------------------------


def tried(ok: Sequence[float | None], again: Sequence[float | None]) -> Any:
    """Runs by step that were ok, and that ended in another try."""

    def counted(values: Sequence[float | None], outcome: str) -> Curve:
        start = NOW.timestamp() - STEP * len(values)
        readings = [
            Reading(start + STEP * place, value, value, 0.0, 1.0)
            for place, value in enumerate(values)
            if value
        ]
        labels = {"task": "tasks.discord.deliver", "queue": "deliver", "outcome": outcome}
        return Curve("task.run", labels, "distribution", STEP, readings)

    return retries.examine(evidence(curves=curves(counted(ok, "ok"), counted(again, "retry"))))


def test_a_task_that_never_succeeds_again_is_found() -> None:
    (finding,) = tried([50] * 20 + [0] * 6, [0] * 20 + [8] * 6)
    assert finding.object == "task tasks.discord.deliver"
    assert "tried again 48 times in the last 50 minutes and succeeded in none" in finding.cause
    assert tried([0] * 26, [0] * 20 + [8] * 6)


def test_a_task_of_which_most_runs_are_tries_is_found() -> None:
    (finding,) = tried([10] * 30, [20] * 30)
    assert "600 of 900 runs" in finding.cause


@pytest.mark.parametrize(
    ("ok", "again"),
    [
        ([50] * 10 + [0] * 4 + [50] * 10, [0] * 10 + [20] * 4 + [0] * 10),  # an outage, over
        ([50] * 20 + [0, 0], [0] * 20 + [30, 30]),  # twenty minutes
        ([50] * 20 + [0] * 6, [0] * 20 + [3] * 6),  # few
        ([50] * 20, [5] * 20),
        ([5] * 10, [8] * 10),  # few runs in all
    ],
)
def test_tries_that_end_well_or_are_few_are_left_alone(
    ok: Sequence[float], again: Sequence[float]
) -> None:
    assert tried(ok, again) == []


# --- fleet.prefetch -------------------------------------------------------------------------------


def held(messages: Sequence[float | None], processes: int = 4) -> Any:
    lives = [process("worker.fetch", f"1.{n}", [90] * 144) for n in range(1, processes + 1)]
    return prefetch.examine(
        evidence(curves=curves(curve("queue.unacknowledged", messages), *lives))
    )


def test_messages_that_workers_hold_for_an_hour_are_found() -> None:
    (finding,) = held([2] * 100 + [40] * 9 + [2] * 35)
    assert "held 40 messages on average for 1.5 hours, with 4 processes" in finding.cause
    assert "worker_prefetch_multiplier = 1" in finding.fix[0]


@pytest.mark.parametrize(
    "messages", [[4] * 144, [2] * 100 + [40] * 5 + [2] * 39, [12] * 144, [3, 40] * 72]
)
def test_what_runs_or_waits_for_minutes_is_left_alone(messages: Sequence[float | None]) -> None:
    assert held(messages) == []


def test_without_processes_nothing_is_said_of_what_they_hold() -> None:
    assert held([400] * 144, processes=0) == []


# --- fleet.worker_losses --------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "severity"), [(1, "info"), (2, "info"), (3, "warning")])
def test_processes_that_ended_by_force_are_told_with_the_tasks_that_ran_again(
    count: int, severity: str
) -> None:
    (finding,) = worker_losses.examine(
        evidence(
            counters=counters(
                total("worker.lost", count, role="worker.images", cause="SIGKILL"),
                total("task.redelivered", 2 * count, task="tasks.slips.render"),
            )
        )
    )
    assert (finding.object, finding.severity) == ("role worker.images", severity)
    assert f"(SIGKILL {'1 time' if count == 1 else f'{count} times'})" in finding.cause
    assert f"tasks.slips.render {2 * count} times" in finding.cause
