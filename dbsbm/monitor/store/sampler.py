"""One sample: the gauges of this moment, and what all processes counted since the last one."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter

import redis
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from dbsbm.db.engine import Database
from dbsbm.db.models import MetricBatch, SlowStatement
from dbsbm.errors import TransientError
from dbsbm.monitor.counting.handover import Batch, Handover
from dbsbm.monitor.counting.recorder import Recorder
from dbsbm.monitor.readings.gauges import read_gauges
from dbsbm.monitor.readings.slow import SlowCalls
from dbsbm.monitor.readings.statements import store_statements
from dbsbm.monitor.store.condense import condense
from dbsbm.monitor.store.points import add_minute

log = logging.getLogger(__name__)
performance = logging.getLogger("dbsbm.performance")


@dataclass(frozen=True, slots=True)
class SampleReport:
    """What one sample stored.

    Attributes:
        samples: Points that were written.
        slow_statements: Fingerprints whose slow calls were added.
        recovered: Batches of samplers before that had not stored them.
    """

    samples: int
    slow_statements: int
    recovered: int


@dataclass(frozen=True, slots=True)
class _Stored:
    samples: int
    slow_statements: int


def sample(
    database: Database,
    broker: redis.Redis,
    cache: redis.Redis,
    recorder: Recorder,
    *,
    queues: Sequence[str],
) -> SampleReport:
    """Store what was counted so far, and what earlier samplers left behind.

    Any number of samplers may run at once, and any may be killed: each value is stored once.

    Args:
        database: Where the sample is stored.
        broker: Where the processes deliver what they count.
        cache: Read for its gauges; it may be away.
        recorder: This process's own; where it is not enabled nothing is sampled.
        queues: The queues to measure.

    Raises:
        TransientError: The broker or the database is away. No reading is lost by that.
    """
    if not recorder.enabled:
        return SampleReport(0, 0, 0)
    started = perf_counter()
    try:
        read_gauges(recorder, database, broker, cache, queues)
        recorder.flush()
        report = _store_all(database, Handover(broker))
        store_statements(database, broker)
    except redis.RedisError as error:
        raise TransientError(f"The broker did not answer: {type(error).__name__}.") from error
    performance.info(
        "Sample of %d readings stored.",
        report.samples,
        extra={
            "action": "monitor.sampled",
            "seconds": perf_counter() - started,
            "slow_statements": report.slow_statements,
            "recovered": report.recovered,
        },
    )
    return report


def _store_all(database: Database, handover: Handover) -> SampleReport:
    """Settle what was left behind first: while the database is away nothing more is taken."""
    left_behind = [_settle(database, handover, batch) for batch in _abandoned(handover)]
    fresh = [_settle(database, handover, batch) for batch in _waiting(handover)]
    done = [*left_behind, *fresh]
    return SampleReport(
        sum(stored.samples for stored in done),
        sum(stored.slow_statements for stored in done),
        len(left_behind),
    )


def _abandoned(handover: Handover) -> Iterator[Batch]:
    while (batch := handover.claim_abandoned()) is not None:
        yield batch


def _waiting(handover: Handover) -> Iterator[Batch]:
    """Batches until all minutes are taken; each is to be settled before the next is asked for."""
    while True:
        batch = handover.take()
        yield batch
        if not batch.is_full:
            return


def _settle(database: Database, handover: Handover, batch: Batch) -> _Stored:
    """Store a batch and forget it, or give it back where the database is away."""
    try:
        stored = database.transact(lambda session: _store(session, batch))
    except TransientError:
        handover.release(batch.id)
        raise
    except (SQLAlchemyError, ValueError, ArithmeticError):  # drivers refuse huge numbers so
        log.exception(
            "The database refused a batch of readings; it is dropped.",
            extra={"action": "monitor.refused", "batch": batch.id},
        )
        stored = _Stored(0, 0)
    handover.discard(batch.id)
    return stored


def _store(session: Session, batch: Batch) -> _Stored:
    """Write the points of a batch, unless someone has: a commit may succeed and look failed."""
    if session.get(MetricBatch, batch.id) is not None:
        return _Stored(0, 0)
    written = MetricBatch(id=batch.id, taken_at=batch.taken_at, samples=0)
    session.add(written)
    session.flush()  # whoever holds the same batch waits here
    for start, minute in sorted(batch.minutes.items()):
        written.samples += add_minute(session, start, condense(minute))
    return _Stored(written.samples, _add_slow_statements(session, batch.notes))


def _add_slow_statements(session: Session, notes: Iterable[str]) -> int:
    found: dict[str, SlowCalls] = {}
    for calls in _read_notes(notes):
        if calls.fingerprint in found:
            found[calls.fingerprint].merge(calls)
        else:
            found[calls.fingerprint] = calls
    for _, calls in sorted(found.items()):  # two samplers lock rows in the same order
        _add_slow_statement(session, calls)
    return len(found)


def _read_notes(notes: Iterable[str]) -> Iterator[SlowCalls]:
    """The notes that can be read: one that cannot must not hold its batch up."""
    for note in notes:
        try:
            yield SlowCalls.from_json(note)
        except ValueError:
            log.warning(
                "A note of slow calls cannot be read; it is dropped.",
                exc_info=True,
                extra={"action": "monitor.refused"},
            )


def _add_slow_statement(session: Session, calls: SlowCalls) -> None:
    first_seen, last_seen = (
        datetime.fromtimestamp(at, UTC) for at in (calls.first_seen, calls.last_seen)
    )
    row = session.get(SlowStatement, calls.fingerprint, with_for_update=True)
    if row is None:
        row = SlowStatement(
            fingerprint=calls.fingerprint,
            text=calls.text,
            calls=0,
            total_seconds=0.0,
            worst_seconds=0.0,
            first_seen=first_seen,
            last_seen=last_seen,
        )
        session.add(row)
    row.calls += calls.calls
    row.total_seconds += calls.total_seconds
    row.worst_seconds = max(row.worst_seconds, calls.worst_seconds)
    row.first_seen = min(row.first_seen, first_seen)
    row.last_seen = max(row.last_seen, last_seen)
    row.plan = calls.plan or row.plan
