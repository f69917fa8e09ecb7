"""A fleet of real processes on a real broker, cache and database."""

from __future__ import annotations

import contextlib
import os
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import redis
from pydantic import SecretStr
from sqlalchemy import select, update

from bot.celery_message import MessageBuilder, celery_app
from dbsbm.db.engine import Database
from dbsbm.db.models import Base, Effect
from dbsbm.wire.command import Command
from dbsbm.wire.inbox import Entry, Inbox, enqueue
from dbsbm.wire.seal import Sealer
from tests.integration.db.rows import a_game
from tests.integration.fleet.discord import FakeDiscord
from tests.integration.fleet.tasks import notes_of
from tests.servers import ChildProcess, ValkeyServer, wait_until
from tests.unit.wire.commands import command

ROOT = Path(__file__).parents[3]
SECRET_KEY = "0123456789abcdef0123456789abcdef"


class Fleet:
    """One test's fleet: its servers, the processes it started, and the bot's side of it."""

    def __init__(
        self,
        directory: Path,
        broker: ValkeyServer,
        cache: ValkeyServer,
        database_url: str,
        discord: FakeDiscord,
    ) -> None:
        self.directory = directory
        self.broker = broker
        self.database = Database(SecretStr(database_url))
        self.client: redis.Redis = broker.client(decode_responses=True)
        self.inbox = Inbox(broker.client())
        self.env = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            "BROKER_URL": broker.url,
            "CACHE_URL": cache.url,
            "DATABASE_URL": database_url,
            "DATA_DIR": str(directory),
            "DISCORD_API_URL": discord.url,
            "LOG_FORMAT": "text",
            "SECRET_KEY": SECRET_KEY,
        }
        self._messages = MessageBuilder(celery_app(SecretStr(broker.url)))
        self._processes: list[ChildProcess] = []

    # --- processes --------------------------------------------------------------------------

    def worker(self, *options: str, profile: str = "front") -> ChildProcess:
        """Start a worker with two children and wait until a canary came through its pool."""
        process = self.process("worker", profile, options=options)
        known = set(self.pulses())
        wait_until(
            lambda: set(self.pulses()) - known or not process.running,
            60,
            lambda: f"a canary came through\n{process.log()[-6000:]}",
        )
        assert process.running, process.log()[-6000:]
        return process

    def process(self, *arguments: str, options: Sequence[str] = ()) -> ChildProcess:
        """Start `python -m workers` with the tests' tasks."""
        number = len(self._processes)
        # Node names of their own, as each container has its own host name.
        name = ("--name", f"{arguments[1]}{number}") if arguments[0] == "worker" else ()
        launch = (sys.executable, "-m", "tests.integration.fleet.launch", *options, "--")
        process = ChildProcess(
            [*launch, *arguments, *name],
            cwd=ROOT,
            log=self.directory / f"{arguments[0]}{number}.log",
            env=self.env,
        )
        process.start()
        self._processes.append(process)
        return process

    def pulses(self) -> list[str]:
        """The workers through whose pools canaries came."""
        return list(self.client.hgetall("dbsbm:workers"))

    def logs(self) -> str:
        return "\n".join(process.log()[-4000:] for process in self._processes)

    # --- the bot's side ---------------------------------------------------------------------

    def command(self, **changes: object) -> Command:
        """A command given just now, its token sealed."""
        now = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
        token = Sealer(SecretStr(SECRET_KEY)).seal("the-interactions-token")
        return command(**{"created_at": now, "reply_token": token, **changes})

    def entry(self, task: str, given: Command, *, age: float = 0.0) -> Entry:
        """The message that the bot builds for a command."""
        message = self._messages.build(task, {"command": given.to_json()}, task_id=_uuid())
        return Entry(given.interaction_id, task, message.key, message.text, time.time() - age)

    def enqueue(self, *entries: Entry) -> None:
        """Write commands to the broker as the bot does."""
        with self.client.pipeline(transaction=True) as pipe:
            for entry in entries:
                enqueue(pipe, entry)
            pipe.execute()

    def send(self, task: str, **kwargs: Any) -> str:
        """Push a task; returns its id."""
        message = self._messages.build(task, kwargs, task_id=(task_id := _uuid()))
        self.client.lpush(message.key, message.text)
        return task_id

    # --- what came of it --------------------------------------------------------------------

    def rows(self, model: type[Base]) -> list[Any]:
        with self.database.read() as session:
            return list(session.scalars(select(model)))

    def notes(self) -> list[str]:
        return notes_of(self.directory)

    def add_game(self) -> int:
        """A game to bet on; returns its id."""
        return self.database.transact(lambda session: a_game(session).id)

    def make_due(self) -> None:
        """Let the relay's next run find every effect that is not done."""
        due = update(Effect).values(next_attempt_at=Effect.created_at)
        self.database.transact(lambda session: session.execute(due))

    def wait_for(self, condition: Any, seconds: float = 30.0) -> Any:
        return wait_until(condition, seconds, lambda: f"it never came to it:\n{self.logs()}")

    def close(self) -> None:
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        self.database.dispose()


def _uuid() -> str:
    return str(uuid.uuid4())


@pytest.fixture
def discord() -> Iterator[FakeDiscord]:
    with FakeDiscord() as fake:
        yield fake


@pytest.fixture
def fleet(
    tmp_path: Path,
    fresh_valkey_broker: ValkeyServer,
    fresh_valkey_cache: ValkeyServer,
    migrated_mariadb_url: str,
    discord: FakeDiscord,
) -> Iterator[Fleet]:
    """Servers of the test's own; it starts the processes it needs."""
    made = Fleet(tmp_path, fresh_valkey_broker, fresh_valkey_cache, migrated_mariadb_url, discord)
    yield made
    made.close()
