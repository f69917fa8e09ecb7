"""A dashboard that listens on loopback, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from aiohttp import web, web_app
from pydantic import SecretStr

from dbsbm.dashboard.app import NEWS, Access, make_app
from dbsbm.dashboard.data import Pace
from dbsbm.dashboard.reading.tables import Sources
from dbsbm.db.engine import Database
from dbsbm.monitor.store.history import History
from tests.integration.dashboard.past import Past
from tests.servers.ports import free_port
from tests.servers.waiting import wait_until

USER, PASSWORD = "operator", "a password for tests"
NOW_AND_THEN = Pace(live=0.1, fresh=0.0)


@dataclass
class Served:
    """A dashboard and what it shows."""

    url: str
    database: Database
    past: Past
    app: web.Application
    open_until_the_end: ExitStack

    def client(self, *, logged_in: bool = True) -> httpx.Client:
        client = httpx.Client(base_url=self.url, trust_env=False, timeout=30)
        self.open_until_the_end.enter_context(client)
        if logged_in:
            assert login(client).status_code == 303
        return client

    def add(self, *rows: Any) -> None:
        self.database.transact(lambda session: session.add_all(rows))

    def wait_for_listeners(self, count: int) -> None:
        """Wait until as many pages listen to the live news."""
        news = self.app[NEWS]
        wait_until(lambda: news.listeners == count, 10, lambda: f"{news.listeners} listen")


def login(client: httpx.Client, password: str = PASSWORD, goal: str = "/") -> httpx.Response:
    """Fill the form in as a browser does."""
    form = client.get("/login", params={"next": goal}).text
    token = form.partition('name="token" value="')[2].partition('"')[0]
    fields = {"user": USER, "password": password, "token": token, "next": goal}
    return client.post("/login", data=fields)


@contextmanager
def serve_dashboard(url: str, pace: Pace = NOW_AND_THEN) -> Iterator[Served]:
    """Serve the database behind `url`."""
    database = Database(SecretStr(url))
    access = Access(USER, SecretStr(PASSWORD), SecretStr("k" * 40))
    app = make_app(access, Sources(History(database), database), pace=pace)
    port, clients = free_port(), ExitStack()
    try:
        with _listening(app, port):
            yield Served(f"http://127.0.0.1:{port}", database, Past(database), app, clients)
            clients.close()
    finally:
        clients.close()
        database.dispose()
        # aiohttp remembers handlers for good, and with each its whole application.
        web_app._cached_build_middleware.cache_clear()


@contextmanager
def _listening(app: web.Application, port: int) -> Iterator[None]:
    """Serve in a thread; when this ends, nothing of the server is left."""
    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        # Without an access log, as in production: nothing reads it.
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1, handler_cancellation=True)
        stop = asyncio.Event()
        try:
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", port).start()
            started.set_result((asyncio.get_running_loop(), stop))
            await stop.wait()
        finally:
            await runner.cleanup()

    # `asyncio.run` ends only when every connection is closed and every task has ended.
    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        loop, stop = started.result(10)
        try:
            yield
        finally:
            loop.call_soon_threadsafe(stop.set)
    finally:
        thread.join()
