"""`/metrics` of the dashboard: for whoever has the token, and nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr

from dbsbm.dashboard.access.guard import guard
from dbsbm.dashboard.access.sessions import Sessions
from dbsbm.dashboard.metrics import metrics_page
from dbsbm.db.engine import Database
from dbsbm.monitor.counting.series import COUNTER
from dbsbm.monitor.exposition import Exposition
from tests.integration.monitor.readings.test_exposition import series, store

TOKEN = "a token of some length"


@pytest.fixture
def stored(migrated_sqlite_url: str) -> Database:
    database = Database(SecretStr(migrated_sqlite_url))
    now = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=1)
    store(database, now, series(COUNTER, "task.retries", "task=a", [2]))
    return database


@pytest.fixture
async def client(stored: Database) -> AsyncIterator[TestClient]:
    sessions = Sessions(SecretStr("k" * 40), SecretStr("a password"))
    app = web.Application(middlewares=[guard(sessions)])
    app.router.add_get("/metrics", metrics_page(Exposition(stored), SecretStr(TOKEN)))
    app.router.add_get("/{path:(?!data/|static/).*}", _shell)
    async with TestClient(TestServer(app)) as client:
        yield client
    stored.dispose()


async def _shell(_request: web.Request) -> web.Response:
    return web.Response(text="the dashboard's own pages take every other path")


async def test_whoever_has_the_token_reads_the_fleet(client: TestClient) -> None:
    answer = await client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert 'dbsbm_task_retries_total{task="a"} 2.0' in await answer.text()


@pytest.mark.parametrize(
    "sent", [None, "", "Bearer", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN, "Bearer \u00ff"]
)
async def test_nobody_else_reads_anything(client: TestClient, sent: str | None) -> None:
    headers = {} if sent is None else {"Authorization": sent}
    answer = await client.get("/metrics", headers=headers)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    text = await answer.text()
    assert "dbsbm" not in text
    assert TOKEN not in text
