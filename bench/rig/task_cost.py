"""What a task of the fleet costs beside a bare Celery task, in the same minute."""

from __future__ import annotations

import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from bench.harness import Measurement, alternate
from bench.rig.noop import TASK
from bench.rig.plan import Plan
from bot.celery_message import MessageBuilder, celery_app
from dbsbm.settings import PROJECT_ROOT
from tests.servers import (
    BROKER_OPTIONS,
    ChildProcess,
    ValkeyServer,
    start_valkey,
    wait_until,
)

KINDS = ("fleet", "bare")
# Redis database numbers: the workers share a server and see nothing of each other.
_DATABASES = {"fleet": 0, "bare": 1}
_CACHE = 2
_SETTLED_WITHIN = 120.0


class NoopWorker:
    """One worker process and its queue.

    Args:
        kind: `fleet` or `bare`.
        server: Its broker.
        folder: Where it keeps everything.
    """

    def __init__(self, kind: str, server: ValkeyServer, folder: Path) -> None:
        folder.mkdir()
        base = server.url.removesuffix("/0")
        url = f"{base}/{_DATABASES[kind]}"
        self._broker = server.client(db=_DATABASES[kind])
        app = celery_app(SecretStr(url))
        self._builder = MessageBuilder(app)
        self._queue = str(app.conf.task_default_queue)
        self.process = ChildProcess(
            [sys.executable, "-m", "bench.rig.noop", kind, kind],
            cwd=PROJECT_ROOT,
            log=folder / "worker.log",
            env=Plan().instance(folder).environment()
            | {"BROKER_URL": url, "CACHE_URL": f"{base}/{_CACHE}"},
        )

    def seconds_a_task(self, count: int) -> float:
        """Have it run so many tasks, and return the seconds that each of them took."""
        messages = [self._builder.build(TASK, {}, task_id=str(uuid.uuid4())) for _ in range(count)]
        began = time.perf_counter()
        with self._broker.pipeline(transaction=False) as pipe:
            for message in messages:
                pipe.lpush(message.key, message.text)
            pipe.execute()
        wait_until(self._is_idle, _SETTLED_WITHIN, self.process.log, interval=0.005)
        return (time.perf_counter() - began) / count

    def _is_idle(self) -> bool:
        """Nothing waits, and nothing that was taken is unacknowledged."""
        with self._broker.pipeline() as pipe:
            pipe.llen(self._queue)
            pipe.hlen("unacked")
            return not any(pipe.execute())


@contextmanager
def _workers() -> Iterator[dict[str, NoopWorker]]:
    with tempfile.TemporaryDirectory(prefix="dbsbm noop ") as path:
        folder = Path(path)
        with start_valkey(folder / "broker", *BROKER_OPTIONS) as server:
            workers = {kind: NoopWorker(kind, server, folder / kind) for kind in KINDS}
            try:
                for worker in workers.values():
                    worker.process.start()
                yield workers
            finally:
                for worker in workers.values():
                    worker.process.kill()


def measure(tasks: int, rounds: int) -> dict[str, Measurement]:
    """Seconds that a task took, of the fleet's and of the bare worker, in alternating rounds."""
    with _workers() as workers:
        for worker in workers.values():
            worker.seconds_a_task(20)  # until it is up and warm
        contenders = {
            kind: lambda worker=worker: worker.seconds_a_task(tasks)
            for kind, worker in workers.items()
        }
        return alternate(contenders, rounds)
