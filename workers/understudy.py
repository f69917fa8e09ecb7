"""Keeps the monitor going while no beat does: else nobody would be told that beat is silent."""

from __future__ import annotations

import logging

import redis
from celery import Celery

from celeryconfig import TASKS
from dbsbm.monitor.readings.beat import silence_of_beat
from dbsbm.monitor.readings.pace import Pace

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 60.0
EVERY_SECONDS = 60.0

_TURN = "dbsbm:beat:understudy"
# What the monitor lives by. They are sent without a slot of the ledger, so they just run.
_WANTED = ("tasks.monitor.sample", "tasks.monitor.alerts")


class Understudy:
    """Sends the monitor's own tasks once a minute while beat is silent: one worker for all."""

    def __init__(self, app: Celery, broker: redis.Redis) -> None:
        self._app = app
        self._broker = broker
        self._pace = Pace(10.0)

    def look(self) -> None:
        """Step in where it is needed. Called every few seconds."""
        if not self._pace.is_due():
            return
        silence = silence_of_beat(self._broker)
        if silence is None or silence < PATIENCE_SECONDS or not self._take_turn():
            return
        log.warning(
            "Beat is silent for %d s; this worker sends the monitor's tasks.",
            silence,
            extra={"action": "beat.understudy", "silence": silence},
        )
        with self._app.connection_for_write() as connection:
            for task in TASKS:
                if task in _WANTED:
                    self._app.send_task(task, connection=connection, retry=False)

    def _take_turn(self) -> bool:
        milliseconds = int(1000 * EVERY_SECONDS) - 500
        return bool(self._broker.set(_TURN, 1, nx=True, px=milliseconds))
