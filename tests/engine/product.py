"""Containers that run the product's own Celery app from the project's root.

README.md shows how a test module uses them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytest_celery import CeleryTestWorker, CeleryWorkerContainer
from pytest_docker_tools import build, container, fxtr

PROJECT_ROOT = Path(__file__).parents[2]
_INSIDE = "/srv/dbsbm"


class ProductWorkerContainer(CeleryWorkerContainer):
    """`python -m celery -A workers worker ...`, ready when its log says so."""

    @classmethod
    def worker_name(cls) -> str:
        """The part of the node's name before the @."""
        return "dbsbm"

    @classmethod
    def command(cls, *args: str, queues: str = "celery", **_: Any) -> list[str]:
        """Return the command of a worker.

        Args:
            args: Further options of `celery worker`.
            queues: The queues it consumes, separated by commas.
        """
        worker = ["python", "-m", "celery", "-A", "workers", "worker"]
        name = ["-n", f"{cls.worker_name()}@%h", "-Q", queues]
        return [*worker, *name, "--without-mingle", "--without-gossip", *args]


def product_container(
    *,
    command: str = "product_worker_command",
    environment: str = "product_worker_env",
    wrapper_class: type[CeleryWorkerContainer] = ProductWorkerContainer,
) -> Any:
    """Return a fixture: a container in which the project's root is the working directory.

    Assign it at module level: pytest-docker-tools builds the fixture's signature from a set, and
    within a class its first name would become `self`.

    Args:
        command: The name of the fixture that gives the command as a list.
        environment: The name of the fixture that gives the environment as a dict.
        wrapper_class: What the fixture's value is; its `ready_prompt` is awaited in the log.
    """
    return container(
        image="{product_image.id}",
        command=fxtr(command),
        environment=fxtr(environment),
        network="{default_pytest_celery_network.name}",
        volumes={"{product_root}": {"bind": _INSIDE, "mode": "ro"}},
        working_dir=_INSIDE,
        wrapper_class=wrapper_class,
        timeout=60,
    )


product_image = build(path=str(PROJECT_ROOT), tag="dbsbm:tests")
product_worker_container = product_container()


@pytest.fixture
def product_root() -> str:
    """The directory that holds the packages `workers`, `tasks` and `dbsbm`."""
    return str(PROJECT_ROOT)


@pytest.fixture
def product_worker_command() -> list[str]:
    """The worker's command; override it to choose queues, pool and limits."""
    return ProductWorkerContainer.command()


@pytest.fixture
def product_worker_env(celery_broker_cluster_config: dict[str, list[str]]) -> dict[str, str]:
    """The worker's whole environment; override it to add databases and providers."""
    return {"BROKER_URL": celery_broker_cluster_config["urls"][0], "PYTHONPATH": _INSIDE}


@pytest.fixture
def product_worker(
    product_worker_container: ProductWorkerContainer, celery_setup_app: Any
) -> CeleryTestWorker:
    """The worker as a node of pytest-celery: logs, kill, restart, processes."""
    return CeleryTestWorker(product_worker_container, app=celery_setup_app)
