"""What main processes see of their children, of each other, and of the machine."""

from __future__ import annotations

import json
import os
import signal

import psutil
import pytest

from dbsbm.db.models import ScheduleSlot
from dbsbm.monitor.readings import processes
from dbsbm.monitor.readings.beat import TICKED
from tests.integration.fleet.conftest import Fleet
from tests.integration.fleet.measured import Measured


@pytest.fixture
def measured(fleet: Fleet) -> Measured:
    return Measured(fleet.broker.client())


def children(pid: int) -> set[int]:
    return {child.pid for child in psutil.Process(pid).children()}


def pid_of(fleet: Fleet, role: str) -> int:
    [entry] = [each for each in processes.listed(fleet.broker.client()) if each["role"] == role]
    return int(entry["pid"])


def test_a_worker_tells_of_its_processes_its_machine_its_tasks_and_of_a_killed_child(
    fleet: Fleet, measured: Measured
) -> None:
    worker = fleet.worker("--every-queue")
    role = "worker.front0"
    fleet.send("fleet.note", line="hello")
    fleet.wait_for(lambda: f"process.memory_bytes|process=1.2,role={role}" in measured.read())
    found, pid = measured.read(), pid_of(fleet, role)
    sizes = [psutil.Process(each).memory_full_info() for each in (pid, *children(pid))]
    # Each has its share of what several hold: more than its own alone. They grow meanwhile.
    least, most = min(size.uss for size in sizes) / 2, max(size.rss for size in sizes) * 2
    for name in ("1", "1.1", "1.2"):
        labels = f"process={name},role={role}"
        assert least < found[f"process.memory_bytes|{labels}"].last < most
        assert found[f"process.threads|{labels}"].last >= 1
        assert found[f"process.descriptors|{labels}"].last > 3
        assert found[f"process.cpu_percent|{labels}"].last >= 0
    machine = [series for series in found if series.startswith("system.memory_percent|")]
    assert len(machine) == 1
    note = "queue=maintenance,task=fleet.note"
    fleet.wait_for(lambda: f"task.run|outcome=ok,{note}" in measured.read())
    wait = measured.read()[f"task.wait|{note}"]
    assert wait.count == 1
    assert wait.low >= 0
    assert wait.high < 60
    victim = children(pid).pop()
    os.kill(victim, signal.SIGKILL)
    lost = f"worker.lost|cause=signal 9 (SIGKILL),role={role}"
    fleet.wait_for(lambda: measured.total(lost) == 1)
    fleet.wait_for(lambda: len(children(pid)) == 2)
    worker.stop()
    assert processes.listed(fleet.broker.client()) == [], "it ended without taking leave"


def test_beat_ticks_and_its_silence_is_seen_by_the_workers(
    fleet: Fleet, measured: Measured
) -> None:
    beat = fleet.process("beat")
    client = fleet.broker.client()
    fleet.wait_for(lambda: client.get(TICKED))
    beat.kill()
    seconds, _ = client.time()
    client.set(TICKED, seconds - 500)
    fleet.worker()
    fleet.wait_for(lambda: measured.read().get("beat.silence|") is not None)
    assert 500 <= measured.read()["beat.silence|"].last < 700
    # And the monitor goes on without it.
    sent = "task.run|outcome=ok,queue=maintenance,task=tasks.monitor.sample"

    def sampled() -> bool:
        queued = [
            json.loads(text)["headers"]["task"] for text in client.lrange("maintenance", 0, -1)
        ]
        return "tasks.monitor.sample" in queued or sent in measured.read()

    fleet.wait_for(sampled)


def test_where_nothing_is_measured_nothing_is_told(fleet: Fleet) -> None:
    fleet.env["ENABLE_PERFORMANCE_MONITORING"] = "false"
    fleet.worker("--every-queue")
    fleet.process("beat")
    client = fleet.broker.client()
    fleet.send("fleet.note", line="hello")
    fleet.wait_for(fleet.notes)
    fleet.wait_for(lambda: fleet.rows(ScheduleSlot))
    assert client.keys("dbsbm:metrics:*") == []
    assert not client.exists(TICKED)
