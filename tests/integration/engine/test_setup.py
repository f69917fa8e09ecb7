"""What pytest-celery offers on any engine: a ready setup, canvas, logs, processes."""

from __future__ import annotations

import pytest
from celery.canvas import chain, chord, group
from pytest_celery import CeleryTestSetup
from pytest_celery.vendors.worker.tasks import add, fail, identity, xsum


def test_a_setup_is_ready_by_task_control_and_container(celery_setup: CeleryTestSetup) -> None:
    assert celery_setup.ready(ping=True, control=True, docker=True)
    assert len(celery_setup) == 3


def test_a_canvas_comes_back_whole(celery_setup: CeleryTestSetup) -> None:
    queue = celery_setup.worker.worker_queue
    canvas = chain(add.si(1, 2), add.s(3), group(identity.s(), add.s(4)))
    assert canvas.apply_async(queue=queue).get(timeout=20) == [6, 10]

    total = chord([add.si(n, n) for n in range(5)], xsum.s())
    assert total.apply_async(queue=queue).get(timeout=20) == 20


def test_an_exception_crosses_the_fleet_and_is_logged(celery_setup: CeleryTestSetup) -> None:
    with pytest.raises(RuntimeError, match="Task expected to fail"):
        fail.s("on purpose").apply_async().get(timeout=20)
    celery_setup.worker.assert_log_exists("raised unexpected: RuntimeError", timeout=10)
    celery_setup.worker.assert_log_does_not_exist("Traceback of another task", timeout=1)


def test_a_worker_shows_the_processes_of_its_own_container(celery_setup: CeleryTestSetup) -> None:
    processes = celery_setup.worker.get_running_processes_info(["name", "cmdline"])
    commands = [" ".join(process["cmdline"]) for process in processes]
    assert len([command for command in commands if " worker " in command]) == 2
    assert not any("valkey" in command or "pytest" in command for command in commands)


def test_a_worker_is_known_by_its_container(celery_setup: CeleryTestSetup) -> None:
    hostname = celery_setup.worker.hostname()
    replies = celery_setup.app.control.inspect(destination=[hostname], timeout=10).ping()
    assert replies == {hostname: {"ok": "pong"}}
