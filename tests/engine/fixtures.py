"""pytest-celery's fixtures where ours differ: the engine, and Redis as broker and backend."""

from __future__ import annotations

from collections.abc import Iterator

import docker
import pytest
from pytest_celery import (
    CeleryBackendCluster,
    CeleryBrokerCluster,
    CeleryWorkerContainer,
    RedisContainer,
    RedisTestBackend,
    RedisTestBroker,
)

from tests.engine.client import LocalClient, connect
from tests.engine.waiting import adapt
from tests.servers import BROKER_OPTIONS


@pytest.fixture(scope="session")
def docker_client(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[docker.DockerClient | LocalClient]:
    """The engine that runs every container of pytest-celery, real or local (TEST_ENGINE)."""
    client = connect(tmp_path_factory.mktemp("engine"))
    with pytest.MonkeyPatch.context() as patch:
        if isinstance(client, LocalClient):
            adapt(patch)
        yield client
    client.close()


@pytest.fixture
def celery_broker_cluster(celery_redis_broker: RedisTestBroker) -> Iterator[CeleryBrokerCluster]:
    """Redis alone: pytest-celery adds RabbitMQ wherever kombu is installed."""
    cluster = CeleryBrokerCluster(celery_redis_broker)
    yield cluster
    cluster.teardown()


@pytest.fixture
def celery_backend_cluster(
    celery_redis_backend: RedisTestBackend,
) -> Iterator[CeleryBackendCluster]:
    """Redis alone, likewise."""
    cluster = CeleryBackendCluster(celery_redis_backend)
    yield cluster
    cluster.teardown()


@pytest.fixture
def default_redis_broker_command(default_redis_broker_cls: type[RedisContainer]) -> list[str]:
    """The broker as the fleet runs it; pytest-celery's own forgets everything at a restart."""
    return default_redis_broker_cls.command(*BROKER_OPTIONS)


@pytest.fixture
def default_worker_command(default_worker_container_cls: type[CeleryWorkerContainer]) -> list[str]:
    """A worker that does not spend its first second looking for other workers."""
    return default_worker_container_cls.command("--without-mingle", "--without-gossip")
