"""What the fleet's settings keep when processes die: counted on a ledger, with a deadline.

Each kill comes while the worker's only pool process is busy. The worker then holds one message,
registered as unacknowledged, and asks for no other: a kill between the broker's pop and that
registration would lose a message on the stock transport, whatever the settings.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytest_celery import (
    DEFAULT_WORKER_CONTAINER_TIMEOUT,
    DEFAULT_WORKER_VOLUME,
    CeleryTestSetup,
    CeleryTestWorker,
    CeleryWorkerCluster,
    CeleryWorkerContainer,
)
from pytest_docker_tools import container, fxtr

from tests.integration.engine.conftest import Ledger
from tests.servers import wait_until

Send = Callable[..., None]

second_worker_container = container(
    image="{celery_base_worker_image.id}",
    environment=fxtr("default_worker_env"),
    network="{default_pytest_celery_network.name}",
    volumes={"{default_worker_volume.name}": DEFAULT_WORKER_VOLUME},
    wrapper_class=CeleryWorkerContainer,
    timeout=DEFAULT_WORKER_CONTAINER_TIMEOUT,
    command=fxtr("default_worker_command"),
)


@pytest.fixture
def two_workers(
    celery_setup: CeleryTestSetup, second_worker_container: CeleryWorkerContainer
) -> CeleryWorkerCluster:
    second = CeleryTestWorker(second_worker_container, app=celery_setup.app)
    return CeleryWorkerCluster(celery_setup.worker, second)


def exited(worker: CeleryTestWorker) -> bool:
    worker.container.reload()
    return bool(worker.container.status == "exited")


def test_a_killed_worker_s_task_runs_again_after_its_restart(
    celery_setup: CeleryTestSetup, ledger: Ledger, send: Send
) -> None:
    send("bet", seconds=1)
    ledger.wait_for("start", "bet")

    celery_setup.worker.kill()
    assert celery_setup.worker.container.status == "exited"
    assert ledger.count("done", "bet") == 0

    celery_setup.worker.restart()
    ledger.wait_for("done", "bet")
    assert ledger.count("start", "bet") == 2


def test_a_killed_pool_process_s_task_runs_again_in_the_next(
    celery_setup: CeleryTestSetup, ledger: Ledger, send: Send
) -> None:
    send("bet", seconds=1)
    ledger.wait_for("start", "bet")

    processes = celery_setup.worker.get_running_processes_info(["pid", "create_time", "cmdline"])
    workers = [process for process in processes if "worker" in process["cmdline"]]
    child = max(workers, key=lambda process: process["create_time"])["pid"]
    celery_setup.worker.container.exec_run(f'python -c "import os; os.kill({child}, 9)"')

    ledger.wait_for("done", "bet")
    assert ledger.count("start", "bet") == 2
    celery_setup.worker.assert_log_exists("exited with 'signal 9 (SIGKILL)'", timeout=10)


def test_a_warm_shutdown_finishes_the_running_task_and_leaves_the_rest(
    celery_setup: CeleryTestSetup, ledger: Ledger, send: Send
) -> None:
    send("running", "waiting", seconds=0.5)
    ledger.wait_for("start", "running")

    celery_setup.worker.kill(signal="SIGTERM")
    wait_until(lambda: exited(celery_setup.worker), 20, "the worker ends")
    celery_setup.worker.assert_log_exists("Warm shutdown", timeout=5)
    assert ledger.count("done", "running") == 1
    assert ledger.count("start", "waiting") == 0

    celery_setup.worker.restart()
    ledger.wait_for("done", "waiting")
    assert ledger.count("start", "running") == 1


@pytest.mark.parametrize("signal", ["SIGTERM", "SIGKILL"])
def test_messages_outlive_a_restart_of_the_append_only_broker(
    celery_setup: CeleryTestSetup, ledger: Ledger, send: Send, signal: str
) -> None:
    celery_setup.worker.kill()
    names = [f"bet {n}" for n in range(5)]
    send(*names)

    celery_setup.broker.kill(signal=signal)
    celery_setup.broker.restart()
    celery_setup.worker.restart()

    ledger.wait_for("done", *names)
    assert [ledger.count("start", name) for name in names] == [1] * 5


def test_an_idle_worker_reconnects_to_a_restarted_broker(
    celery_setup: CeleryTestSetup, ledger: Ledger, send: Send
) -> None:
    celery_setup.broker.restart()
    send("bet")
    ledger.wait_for("done", "bet")


def test_a_killed_worker_s_task_moves_to_the_other_worker(
    two_workers: CeleryWorkerCluster, ledger: Ledger, send: Send
) -> None:
    assert len(two_workers.versions) == 1
    names = ("one", "two", "three", "four")
    send(*names, seconds=1)
    ledger.wait_for("start", "one", "two")

    two_workers[0].kill()

    ledger.wait_for("done", *names)
    assert sum(ledger.count("start", name) for name in names) == 5
