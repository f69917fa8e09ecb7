"""Evidence as the fleet's own parts leave it: the ledger of slots, the log of hot keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import redis
from sqlalchemy import update
from sqlalchemy.orm import Session

from dbsbm.cache.categories import Category
from dbsbm.cache.keys import Key
from dbsbm.cache.operating.hotlog import HotLogger
from dbsbm.cache.stats import Stats
from dbsbm.db import slots
from dbsbm.db.engine import Database
from dbsbm.db.models import ScheduleSlot
from dbsbm.optimizer.fleet.evidence import HotKey, JobRuns
from dbsbm.optimizer.fleet.hot_keys import read_hot_keys
from dbsbm.optimizer.fleet.jobs import NEWEST_SLOTS, read_jobs
from dbsbm.optimizer.missing import Missing
from tests.servers import ValkeyServer

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def run_slot(database: Database, job: str, due: datetime, seconds: float) -> None:
    """As beat and a worker do it, and then as late and as long as a test wants it."""

    def run(session: Session) -> None:
        slot = slots.announce(session, job, due, beat="b")
        assert slot is not None
        slots.mark_sent(session, [slot.id])
        assert slots.claim(session, slot.id, owner="o", lease=timedelta(minutes=1))
        slots.finish(session, slot.id, owner="o", state="done", detail={})
        sent = due + timedelta(seconds=1)
        times = {"sent_at": sent, "finished_at": sent + timedelta(seconds=seconds)}
        session.execute(update(ScheduleSlot).where(ScheduleSlot.id == slot.id).values(**times))

    database.transact(run)


def announce(database: Database, job: str, due: datetime, *, missed: bool) -> None:
    database.transact(lambda session: slots.announce(session, job, due, beat="b", missed=missed))


def read(database: Database, since: datetime) -> tuple[JobRuns, ...]:
    with database.read() as session:
        return read_jobs(session, since)


def test_a_job_is_told_by_how_long_its_slots_took(database: Database) -> None:
    for number, seconds in enumerate((10, 20, 70, 15, 30)):
        run_slot(database, "grading", NOON + timedelta(minutes=number), seconds)
    (runs,) = read(database, NOON)
    # The newest is not judged: nobody knows what follows it.
    assert runs == JobRuns("grading", 4, 60.0, 1, 20.0, 70.0)


def test_slots_that_an_outage_passed_over_and_old_ones_are_no_runs(database: Database) -> None:
    run_slot(database, "grading", NOON - timedelta(hours=1), 500)
    for number in range(6):
        due = NOON + timedelta(minutes=number)
        if number in {2, 3}:
            announce(database, "grading", due, missed=True)
        else:
            run_slot(database, "grading", due, 5)
    announce(database, "retention", NOON, missed=False)
    (runs,) = read(database, NOON)
    assert (runs.job, runs.runs, runs.overlapped, runs.interval_seconds) == ("grading", 3, 0, 60)


def test_of_a_job_of_seconds_the_newest_slots_say_enough(database: Database) -> None:
    rows = [
        ScheduleSlot(
            job="outbox-relay",
            slot=NOON + timedelta(seconds=5 * number),
            state="done",
            beat="b",
            created_at=NOON,
            sent_at=NOON + timedelta(seconds=5 * number),
            finished_at=NOON + timedelta(seconds=5 * number + 1),
        )
        for number in range(NEWEST_SLOTS + 50)
    ]
    database.transact(lambda session: session.add_all(rows))
    (runs,) = read(database, NOON)
    assert runs.runs == NEWEST_SLOTS - 1


@dataclass
class Read:
    wire: str
    share: float


class Source:
    """Hot keys of a process that reads one key again and again."""

    def top(self, n: int) -> Sequence[Read]:
        return [Read(SCOREBOARD, 0.75), Read("of another release", 0.25)][:n]


SCOREBOARD = Key.of(Category.API_RESPONSE, "espn", "scoreboard").wire


def test_hot_keys_are_those_that_the_processes_logged(cache: redis.Redis) -> None:
    stats = Stats()
    logger = HotLogger(Source(), stats, cache)
    for _ in range(12_000):
        stats.hit(Category.API_RESPONSE, 10)
    assert logger.flush()
    first, second = _told(cache)
    assert (first.wire, first.category) == (SCOREBOARD, Category.API_RESPONSE)
    assert first.share == pytest.approx(0.75)
    # The log has slots of ten minutes, and the test may run on the edge of two.
    assert first.reads_per_second == pytest.approx(9000 / 1200, rel=0.35)
    assert second.category is None


def _told(cache: redis.Redis) -> Sequence[HotKey]:
    found = read_hot_keys(cache)
    assert not isinstance(found, Missing)
    return found


def test_a_cache_that_is_away_has_no_hot_keys_to_tell(
    cache: redis.Redis, valkey_cache: ValkeyServer
) -> None:
    valkey_cache.stop()
    found = read_hot_keys(cache)
    assert isinstance(found, Missing)
    assert "hot keys could not be read" in found.reason
