"""One monitor of the delivery bench: it evaluates, relays and tells, until it is killed.

What a worker does by tasks it does by threads: the ledger, the outbox and the delivery are the
fleet's own. Its history is made up, and goes on with each evaluation: how fast it passes depends on
the machine, what happens in it does not.
"""

from __future__ import annotations

import json
import queue
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import redis
from pydantic import SecretStr
from sqlalchemy import select

from dbsbm.db import outbox
from dbsbm.db.engine import Database
from dbsbm.db.models import AlertState
from dbsbm.delivery.incidents.message import Style
from dbsbm.delivery.incidents.telling import Telling
from dbsbm.delivery.posted import Posted
from dbsbm.delivery.rest import DiscordRest
from dbsbm.errors import TransientError
from dbsbm.monitor.alerts.live import moment
from dbsbm.monitor.alerts.rule import Rule, Signal
from dbsbm.monitor.alerts.watch import Alerts
from dbsbm.monitor.store.history import History
from dbsbm.monitor.store.reading import Point, Series

MINUTE = timedelta(minutes=1)
STEP = MINUTE
"""What passes from one evaluation to the next."""
APART = timedelta(seconds=37)
"""From the beginning of one incident to that of the next."""
BAD_FOR = 12 * MINUTE
"""How long each incident's readings are bad."""
QUIET = 25 * MINUTE
"""How long a series is measured before and after that."""
RULE = Rule(
    name="slow",
    form="level",
    signal=Signal(metric="wait", statistic="high", by=("n",)),
    threshold=1.0,
    resolve=0.8,
    is_above=True,
    severity="warn",
    effect="Members wait.",
    runbook="slow",
    unit="s",
    min_samples=0,
)

_EVALUATE_EVERY = 0.3
_RELAY_EVERY = 1.0
_TELLERS = 3
# The pauses of a task that Celery retries, before the outbox takes over.
_PAUSES = (0.3, 0.6, 1.2, 2.4)
_PATIENCE = 1.0


@dataclass(frozen=True)
class Job:
    """What all monitors of a run share.

    Attributes:
        database: Its address.
        broker: Its address.
        api: Discord's address.
        token: The bot's.
        channel_id: Where incidents are told.
        incidents: How many there are to be.
        began: When the history begins, Unix seconds; all of it is past.
    """

    database: str
    broker: str
    api: str
    token: str
    channel_id: int
    incidents: int
    began: float

    def as_text(self) -> str:
        """The job as an argument of a process."""
        return json.dumps(asdict(self))

    def bad_from(self, number: int) -> datetime:
        """When the readings of an incident become bad."""
        return moment(self.began) + QUIET + number * APART

    @property
    def end(self) -> datetime:
        """When the last incident is long over."""
        return self.bad_from(self.incidents) + BAD_FOR + QUIET


class MadeUp(History):
    """A history in which each series is bad once; nobody asks for its largest parts."""

    def __init__(self, job: Job) -> None:
        self._job = job

    @contextmanager
    def together(self) -> Iterator[History]:
        """It asks no server."""
        yield self

    def series(
        self, name: str, since: datetime, until: datetime, *, by: Sequence[str] = (), **asked: Any
    ) -> list[Series]:
        """The series that are measured in a span."""
        del name, asked
        found = ((number, self._points(number, since, until)) for number in self._numbers())
        return [Series({by[0]: str(n)}, "gauge", MINUTE, points) for n, points in found if points]

    def _numbers(self) -> range:
        return range(self._job.incidents)

    def _points(self, number: int, since: datetime, until: datetime) -> list[Point]:
        bad = self._job.bad_from(number).replace(second=0, microsecond=0)
        at = max(bad - QUIET, since.replace(second=0, microsecond=0) + MINUTE)
        points = []
        while at + MINUTE <= min(until, bad + BAD_FOR + QUIET):
            value = 5.0 if bad <= at < bad + BAD_FOR else 0.1
            points.append(Point(at, 60, "gauge", 2, 2 * value, value, value, value, ()))
            at += MINUTE
        return points


class Monitor:
    """What one process does."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._due: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._database = Database(SecretStr(job.database), on_commit=self._send)
        self._alerts = Alerts(
            self._database,
            MadeUp(job),
            [RULE],
            runs_on=lambda: {"code": "bench", "settings": {}},
        )

    def run(self) -> None:
        """Work for ever."""
        for work in (*[self._tell] * _TELLERS, self._relay):
            threading.Thread(target=work, daemon=True).start()
        while True:
            self._evaluate()
            time.sleep(_EVALUATE_EVERY)

    def _evaluate(self) -> None:
        """Take the next step of the history, as others may do at the same time."""
        try:
            now = self._last() + STEP
            if now <= self._job.end:
                self._alerts.evaluate(now, trace_id="bench")
        except TransientError as error:
            print(f"evaluation: {error}", flush=True)

    def _last(self) -> datetime:
        """The moment that was evaluated last, by whichever monitor."""
        with self._database.read() as session:
            state = session.scalar(select(AlertState.state).where(AlertState.rule == ""))
        return moment((state or {}).get("evaluated_at", self._job.began))

    def _send(self, effects: list[tuple[int, str, str]]) -> None:
        for effect_id, _, _ in effects:
            self._due.put(effect_id)

    def _relay(self) -> None:
        while True:
            time.sleep(_RELAY_EVERY)
            try:
                self._send(self._database.transact(outbox.due))
            except TransientError as error:
                print(f"relay: {error}", flush=True)

    def _tell(self) -> None:
        job = self._job
        telling = Telling(
            self._database,
            DiscordRest(job.api, SecretStr(job.token), patience=_PATIENCE),
            posted=Posted(redis.Redis.from_url(job.broker)),
            channel_id=job.channel_id,
            style=Style(),
            has_webhook=False,
        )
        while True:
            _deliver(telling, self._due.get())


def _deliver(telling: Telling, effect_id: int) -> None:
    for pause in _PAUSES:
        try:
            telling.deliver(effect_id)
        except TransientError:
            time.sleep(pause)
        else:
            return


def job_of(text: str) -> Job:
    """Read a job back."""
    values: dict[str, Any] = json.loads(text)
    return Job(**values)


if __name__ == "__main__":
    Monitor(job_of(sys.argv[1])).run()
