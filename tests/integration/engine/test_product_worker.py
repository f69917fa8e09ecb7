"""The recipe for workers of the product, on a stand-in with the product's layout."""

from __future__ import annotations

from pathlib import Path

import pytest
from celery import Celery
from pytest_celery import CeleryTestWorker

from tests.engine.product import ProductWorkerContainer
from tests.servers import ValkeyServer, wait_until

APP = """
import os
from celery import Celery

app = Celery("stand-in", broker=os.environ["BROKER_URL"])

@app.task(name="tasks.probe")
def probe(path):
    with open(path, "w") as answer:
        print(sorted(os.environ), os.getcwd(), sep="\\n", file=answer)
"""


@pytest.fixture
def product_root(tmp_path: Path) -> str:
    package = tmp_path / "project" / "workers"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "celery.py").write_text(APP)
    return str(package.parent)


@pytest.fixture
def product_worker_command() -> list[str]:
    return ProductWorkerContainer.command("--pool=solo", "--loglevel=INFO", queues="images,deliver")


@pytest.fixture
def product_worker_env(
    product_worker_env: dict[str, str], valkey_cache: ValkeyServer
) -> dict[str, str]:
    return product_worker_env | {"CACHE_URL": valkey_cache.url}


def test_a_product_worker_runs_from_the_root_with_the_given_environment_alone(
    product_worker: CeleryTestWorker,
    product_root: str,
    celery_setup_app: Celery,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = tmp_path / "answer"
    celery_setup_app.send_task("tasks.probe", (str(answer),), queue="deliver")
    wait_until(lambda: answer.exists() and answer.read_text().count("\n") == 2, 20)

    variables, directory = answer.read_text().splitlines()
    assert "'CACHE_URL'" in variables
    assert "PYTEST_CURRENT_TEST" not in variables
    assert directory == product_root


def test_a_product_worker_is_a_node_like_any_other(product_worker: CeleryTestWorker) -> None:
    product_worker.assert_log_exists(f"{product_worker.hostname()} ready.", timeout=10)
    product_worker.kill()
    assert product_worker.container.status == "exited"
    product_worker.restart()
    assert product_worker.container.status == "running"
