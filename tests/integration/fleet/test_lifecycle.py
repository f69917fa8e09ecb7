"""The worker as production starts it, through pytest-celery: killed, and started again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from pydantic import SecretStr
from pytest_celery import CeleryTestWorker, RedisTestBroker

from bot.celery_message import MessageBuilder, celery_app
from dbsbm.db.engine import Database
from dbsbm.db.models import Interaction
from dbsbm.wire.inbox import Entry, enqueue
from tests.integration.fleet.conftest import SECRET_KEY
from tests.servers import ValkeyServer, wait_until
from tests.unit.wire.commands import command


@pytest.fixture
def product_worker_command() -> list[str]:
    return ["python", "-m", "workers", "worker", "interactive", "--name", "dbsbm"]


@pytest.fixture
def product_worker_env(
    product_worker_env: dict[str, str],
    migrated_mariadb_url: str,
    valkey_cache: ValkeyServer,
    tmp_path: Path,
) -> dict[str, str]:
    return product_worker_env | {
        "CACHE_URL": valkey_cache.url,
        "DATABASE_URL": migrated_mariadb_url,
        "DATA_DIR": str(tmp_path),
        "LOG_FORMAT": "text",
        "SECRET_KEY": SECRET_KEY,
    }


@pytest.fixture
def database(migrated_mariadb_url: str) -> Iterator[Database]:
    database = Database(SecretStr(migrated_mariadb_url))
    yield database
    database.dispose()


def give(broker: str, interaction_id: int) -> None:
    """What the bot does with a `/slip`."""
    message = MessageBuilder(celery_app(SecretStr(broker))).build(
        "tasks.slips.show",
        {
            "command": command(
                interaction_id=interaction_id, name="slip", options={"bet": 1}
            ).to_json()
        },
        task_id=f"trace-{interaction_id}",
    )
    with redis.Redis.from_url(broker) as client, client.pipeline(transaction=True) as pipe:
        enqueue(pipe, Entry(interaction_id, "tasks.slips.show", message.key, message.text, 0))
        pipe.execute()


def test_a_worker_that_was_killed_takes_up_its_work_where_it_is_started_again(
    product_worker: CeleryTestWorker,
    celery_broker_cluster: list[RedisTestBroker],
    database: Database,
) -> None:
    broker = celery_broker_cluster[0].config()["host_url"]

    def handled() -> list[str]:
        with database.read() as session:
            return sorted(row.trace_id for row in session.query(Interaction))

    give(broker, 1)
    wait_until(lambda: handled() == ["trace-1"], 30, product_worker.logs)
    product_worker.kill()
    give(broker, 2)
    product_worker.restart()
    wait_until(lambda: handled() == ["trace-1", "trace-2"], 30, product_worker.logs)
