"""Health is a task through the pool, not a ping: a watchdog that ends a worker which eats nothing.

A worker can be connected, answer `inspect ping`, and consume nothing. So a thread of the main
process sends a canary task into this worker's own direct queue and waits until a child has run it.
Where the broker answers and the canary stays away past its deadline, the process ends itself, its
children die with it, and the supervisor starts a new one.
"""

from __future__ import annotations

import json
import logging
import math
import os
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import redis
from celery import bootsteps
from celery.utils.nodenames import worker_direct

from dbsbm.health import WORKERS_KEY, canary_key, heartbeat_file
from dbsbm.settings import load_settings
from dbsbm.wire.broker import connect_broker
from workers.profiles import canary_deadline

log = logging.getLogger(__name__)

PERIOD = 15.0
EXIT_CODE = 70  # sysexits.h: internal software error


class Watchdog(bootsteps.StartStopStep):
    """Starts the canary's thread with the worker and stops it with it."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        self._stopped = threading.Event()

    def start(self, parent: Any) -> None:
        """Begin to send canaries."""
        threading.Thread(target=self._run, args=(parent,), name="watchdog", daemon=True).start()

    def stop(self, parent: Any) -> None:
        """Send no more: a worker that shuts down answers no canary."""
        self._stopped.set()

    # A worker that is told to stop at once goes the same way.
    terminate = stop

    def _run(self, worker: Any) -> None:
        settings = load_settings()
        canary = Canary(
            worker.app,
            worker.hostname,
            connect_broker(settings.broker),
            heartbeat_file(settings.data_dir, worker.hostname),
        )
        deadline = canary_deadline(set(worker.app.amqp.queues.consume_from))
        while not self._stopped.wait(1.0 if canary.is_new else PERIOD):
            try:
                sung = canary.sing(deadline, self._stopped)
            except Exception as error:  # noqa: BLE001 - the broker's fault, whatever it is
                log.warning(
                    "The canary could not reach the broker: %s.",
                    type(error).__name__,
                    extra={"action": "worker.canary"},
                )
                continue
            if not sung and not self._stopped.is_set():
                self._end_process(worker.hostname, deadline)

    def _end_process(self, node: str, deadline: float) -> None:
        log.critical(
            "The pool has run nothing for %d s though the broker answers: ending this worker.",
            deadline,
            extra={"action": "worker.replaced", "node": node},
        )
        logging.shutdown()
        # Not sys.exit: the main thread may hang in exactly what is broken.
        os._exit(EXIT_CODE)


class Canary:
    """One worker's canary."""

    def __init__(self, app: Any, node: str, broker: redis.Redis, heartbeat: Path) -> None:
        self._app = app
        self._node = node
        self._broker = broker
        self._heartbeat = heartbeat
        self.is_new = True

    def sing(self, deadline: float, stopped: threading.Event) -> bool:
        """Send a canary and wait for it; record it when it came through.

        It waits for a number of looks, not of seconds, and a canary does not expire: a machine that
        was paused as a whole is well.

        Returns:
            False where the broker answered all the time and the canary did not come.
        """
        nonce = uuid.uuid4().hex
        began = time.monotonic()
        self._send(nonce)
        for _ in range(math.ceil(deadline)):
            if stopped.is_set():
                return True
            if self._broker.blpop([canary_key(nonce)], timeout=1) is not None:
                self._record((time.monotonic() - began) * 1000)
                return True
        return False

    def _send(self, nonce: str) -> None:
        with self._app.connection_for_write() as connection:
            self._app.send_task(
                "tasks.health.canary",
                kwargs={"nonce": nonce},
                queue=worker_direct(self._node),
                connection=connection,
                retry=False,
            )

    def _record(self, milliseconds: float) -> None:
        self.is_new = False
        self._heartbeat.parent.mkdir(parents=True, exist_ok=True)
        self._heartbeat.touch()
        entry = {"at": time.time(), "ms": round(milliseconds, 1), "pid": os.getpid()}
        self._broker.hset(WORKERS_KEY, self._node, json.dumps(entry))
