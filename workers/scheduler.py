"""Beat on a slot ledger: any number of beats make one schedule.

Celery's own schedulers keep their memory in a file or in Redis, so that two beats double every run,
and an outage drops slots without a word. Here the memory is `schedule_slots` in the database.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from celery.beat import Scheduler
from celery.schedules import crontab
from kombu.exceptions import KombuError
from redis import RedisError

from beat_schedule import SCHEDULE
from dbsbm.db import slots
from dbsbm.db.engine import Database
from dbsbm.errors import ConfigError, DbsbmError
from dbsbm.health import heartbeat_file
from dbsbm.monitor.counting.recorder import Recorder
from dbsbm.monitor.readings.beat import BeatPulse
from dbsbm.monitor.readings.host import watch_host
from dbsbm.monitor.readings.memory import watch_memory
from dbsbm.monitor.readings.pace import unless_away
from dbsbm.monitor.readings.processes import watch_processes
from dbsbm.settings import Settings, load_settings
from dbsbm.wire.broker import connect_broker
from tasks.stamps import stamp_messages

log = logging.getLogger(__name__)

SWEEP_EVERY = 2.0
LONGEST_INTERVAL = 366 * 86400.0
# After an outage, at most so many slots of one job are written down as made up or missed.
MOST_SLOTS = 500


@dataclass(frozen=True, slots=True)
class Job:
    """One entry of the schedule. `every` is seconds or a crontab."""

    name: str
    task: str
    every: float | crontab
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    catch_up: str = "latest"

    def slot_at(self, now: datetime) -> datetime | None:
        """The newest slot at or before `now`; None where a crontab had none in a year."""
        if isinstance(self.every, crontab):
            return _newest_minute(self.every, now)
        seconds = now.timestamp() // self.every * self.every
        return datetime.fromtimestamp(seconds, UTC)

    def slots_between(self, last: datetime, newest: datetime) -> list[datetime]:
        """Slots after `last`, up to and with `newest`, oldest first, the newest MOST_SLOTS."""
        found: list[datetime] = []
        moment: datetime | None = newest
        while moment is not None and moment > last and len(found) < MOST_SLOTS:
            found.append(moment)
            moment = self.slot_at(moment - timedelta(microseconds=1))
        return found[::-1]


def _newest_minute(schedule: crontab, now: datetime) -> datetime | None:
    minute = now.astimezone(UTC).replace(second=0, microsecond=0)
    day = minute.date()
    for _ in range(366):
        if _day_matches(schedule, day):
            for hour in sorted(schedule.hour, reverse=True):
                for each in sorted(schedule.minute, reverse=True):
                    slot = datetime(day.year, day.month, day.day, hour, each, tzinfo=UTC)
                    if slot <= minute:
                        return slot
        day -= timedelta(days=1)
    return None


def _day_matches(schedule: crontab, day: Any) -> bool:
    return (
        day.month in schedule.month_of_year
        and day.day in schedule.day_of_month
        and day.isoweekday() % 7 in schedule.day_of_week
    )


def load_jobs(
    schedule: Mapping[str, Mapping[str, Any]], overrides: Mapping[str, float]
) -> list[Job]:
    """Read the table of beat_schedule.py, with the operator's overrides.

    Raises:
        ConfigError: An override names no job, or is no interval.
    """
    for name, seconds in overrides.items():
        if name not in schedule:
            known = ", ".join(schedule)
            raise ConfigError(f"SCHEDULE_OVERRIDES names no job {name!r}; choose from: {known}.")
        if seconds != 0 and not 1 <= seconds <= LONGEST_INTERVAL:
            raise ConfigError(
                f"SCHEDULE_OVERRIDES gives {name} {seconds:g} seconds: an interval is from 1 "
                "second to 366 days, and 0 switches the job off."
            )
    return [
        Job(
            name,
            entry["task"],
            overrides.get(name, entry["schedule"]),
            entry.get("kwargs", {}),
            entry["catch_up"],
        )
        for name, entry in schedule.items()
        if overrides.get(name) != 0
    ]


class Ledger:
    """Plans slots in the database and hands them to `send`. Knows nothing of Celery."""

    def __init__(
        self,
        database: Database,
        jobs: list[Job],
        send: Callable[[Job, slots.Slot], None],
        *,
        beat: str,
    ) -> None:
        self._database = database
        self._jobs = {job.name: job for job in jobs}
        self._send = send
        self._beat = beat
        self._last: dict[str, datetime] | None = None
        self._swept = 0.0

    def tick(self, now: datetime) -> float:
        """Write down and send what is due, and what was left behind.

        Returns:
            Seconds until the next slot, 1 at most.
        """
        if self._last is None:
            self._last = self._database.transact(slots.latest)
        for job in self._jobs.values():
            self._plan(job, now)
        if time.monotonic() - self._swept >= SWEEP_EVERY:
            self._sweep()
            self._swept = time.monotonic()
        return self._until_next(now)

    def _plan(self, job: Job, now: datetime) -> None:
        assert self._last is not None  # noqa: S101 - tick loads it first
        newest = job.slot_at(now)
        last = self._last.get(job.name)
        if newest is None or newest == last:
            return
        due = [newest]
        if last is not None and last < newest:
            due = job.slots_between(last, newest)
        elif last is not None:
            self._forget_future(job, newest)
        won = self._database.transact(lambda session: self._announce(session, job, due))
        self._last[job.name] = newest
        self._send_all(won)

    def _forget_future(self, job: Job, newest: datetime) -> None:
        """The clock was ahead and is set back: what it passed over has still to come."""
        log.warning(
            "%s: the clock was set back; slots go on from now.",
            job.name,
            extra={"action": "beat.clock_set_back", "job": job.name},
        )
        self._database.transact(
            lambda session: slots.forget_missed(session, job.name, since=newest)
        )

    def _announce(self, session: Any, job: Job, due: list[datetime]) -> list[slots.Slot]:
        won = []
        for moment in due:
            missed = job.catch_up == "latest" and moment != due[-1]
            slot = slots.announce(session, job.name, moment, beat=self._beat, missed=missed)
            if slot is not None and not missed:
                won.append(slot)
        return won

    def _sweep(self) -> None:
        jobs = self._jobs
        known = self._database.transact(lambda session: slots.left_behind(session, jobs=jobs))
        if known:
            log.info(
                "Sending %d slots again that were left behind.",
                len(known),
                extra={"action": "beat.sweep"},
            )
        self._send_all(known)

    def _send_all(self, due: list[slots.Slot]) -> None:
        """Send, then write down what was sent; what is not stays due and is swept up later."""
        sent = []
        try:
            for slot in due:
                self._send(self._jobs[slot.job], slot)
                sent.append(slot.id)
        finally:
            if sent:
                self._database.transact(lambda session: slots.mark_sent(session, sent))

    def _until_next(self, now: datetime) -> float:
        pauses = [
            job.every - now.timestamp() % job.every
            for job in self._jobs.values()
            if not isinstance(job.every, crontab)
        ]
        return max(0.01, min([1.0, *pauses]))


class SlotScheduler(Scheduler):
    """The ledger as Celery beat's scheduler. An outage costs a log line, never the process."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._ledger: Ledger | None = None
        self._heartbeat: Path | None = None
        self._pulse: BeatPulse | None = None
        self._failing = False
        super().__init__(*args, **kwargs)

    def setup_schedule(self) -> None:
        """Read the schedule. Opens no connection."""
        settings = load_settings()
        self._heartbeat = heartbeat_file(settings.data_dir, f"beat@{socket.gethostname()}")
        self._heartbeat.parent.mkdir(parents=True, exist_ok=True)
        self._ledger = Ledger(
            Database(settings.database, pool_size=1, max_overflow=0),
            load_jobs(SCHEDULE, settings.schedule_overrides),
            self._send_slot,
            beat=f"{socket.gethostname()}:{os.getpid()}",
        )
        if settings.enable_performance_monitoring:
            self._pulse = _measure(settings)

    @property
    def schedule(self) -> dict[str, Any]:
        """Empty: the entries live in the ledger's jobs."""
        return {}

    def tick(self, *_args: Any, **_kwargs: Any) -> float:
        """One pass; returns seconds to sleep."""
        assert self._ledger is not None  # noqa: S101 - beat never ticks a lazy scheduler
        assert self._heartbeat is not None  # noqa: S101
        try:
            pause = self._ledger.tick(datetime.now(UTC))
            self._heartbeat.touch()
            if self._pulse is not None:
                self._pulse.tick()
        except (DbsbmError, OSError, KombuError, RedisError) as error:
            if not self._failing:
                log.warning(
                    "Beat cannot reach the database or the broker (%s); slots are made up later.",
                    type(error).__name__,
                    extra={"action": "beat.failing"},
                )
            self._failing = True
            return 1.0
        if self._failing:
            log.info("Beat is back.", extra={"action": "beat.recovered"})
        self._failing = False
        return pause

    def close(self) -> None:
        """Nothing to save: every slot is already in the database."""

    def _send_slot(self, job: Job, slot: slots.Slot) -> None:
        self.app.send_task(job.task, kwargs={**job.kwargs, "slot": slot.id}, retry=False)


def _measure(settings: Settings) -> BeatPulse:
    """Measure this process, and let the others know that it ticks."""
    broker = connect_broker(settings.broker)
    recorder = Recorder(broker)
    stamp_messages(recorder.clock.now)
    pulse = BeatPulse(broker)
    recorder.add_source(unless_away(pulse.tell))
    watch_processes(recorder, broker, "beat")
    watch_host(recorder, broker, settings.data_dir)
    watch_memory(recorder, settings.data_dir)
    return pulse
