"""A worker with the safest settings and a task that keeps a ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from celery import Celery, current_app
from celery._state import _set_current_app
from pytest_celery import CeleryWorkerContainer

from tests.integration.engine import ledger as ledger_module
from tests.servers import wait_until

SAFEST = {
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    # What a dead worker held comes back this soon; above the longest task of these tests.
    "broker_transport_options": {
        "visibility_timeout": 3,
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
        "unacked_mutex_expire": 2,
    },
}


class Ledger:
    """What the tasks of one test have written down."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()

    def count(self, event: str, name: str) -> int:
        """How often a task of that name has reached `start` or `done`."""
        return self.path.read_text().splitlines().count(f"{event} {name}")

    def wait_for(self, event: str, *names: str, timeout: float = 40) -> None:
        """Wait until each task has reached `start` or `done` at least once."""
        wait_until(
            lambda: all(self.count(event, name) for name in names),
            timeout,
            lambda: f"{names} reached {event!r}; the ledger:\n{self.path.read_text()}",
        )


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger")


@pytest.fixture
def send(ledger: Ledger, celery_setup_app: Celery) -> Callable[..., None]:
    """Publish one task for each name."""

    def publish(*names: str, seconds: float = 0.0) -> None:
        for name in names:
            arguments = (str(ledger.path), name, seconds)
            celery_setup_app.send_task(ledger_module.record.name, arguments)

    return publish


@pytest.fixture
def celery_setup_app(celery_setup_app: Celery) -> Iterator[Celery]:
    """The setup's app with the safest settings, which the worker gets too."""
    before = current_app._get_current_object()
    celery_setup_app.set_current()
    celery_setup_app.conf.update(SAFEST)
    yield celery_setup_app
    celery_setup_app.close()
    _set_current_app(before)


@pytest.fixture
def default_worker_tasks(default_worker_tasks: set[ModuleType]) -> set[ModuleType]:
    return default_worker_tasks | {ledger_module}


@pytest.fixture
def default_worker_command(default_worker_container_cls: type[CeleryWorkerContainer]) -> list[str]:
    """One pool process: with one task running, the worker holds no other message."""
    return default_worker_container_cls.command(
        "--without-mingle", "--without-gossip", "--concurrency=1"
    )
