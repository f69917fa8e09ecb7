from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update

from dbsbm.db import slots
from dbsbm.db.engine import Database
from dbsbm.db.models import ScheduleSlot

MOMENT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LEASE = timedelta(seconds=60)


def announce(database: Database, beat: str = "a", moment: datetime = MOMENT) -> slots.Slot | None:
    return database.transact(lambda s: slots.announce(s, "job", moment, beat=beat))


def state_of(database: Database) -> str:
    with database.read() as session:
        return session.scalars(select(ScheduleSlot)).one().state


def age(database: Database, seconds: float) -> None:
    before = datetime.now(UTC) - timedelta(seconds=seconds)
    values = {"created_at": before, "sent_at": before, "lease_until": before}
    database.transact(lambda s: s.execute(update(ScheduleSlot).values(**values)))


def test_of_many_beats_one_wins_a_slot(database: Database) -> None:
    barrier, won = threading.Barrier(6), []

    def run(name: str) -> None:
        barrier.wait()
        if announce(database, name) is not None:
            won.append(name)

    threads = [threading.Thread(target=run, args=(f"beat{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1


def test_a_slot_is_claimed_once(database: Database) -> None:
    slot = announce(database)
    assert database.transact(lambda s: slots.claim(s, slot.id, owner="one", lease=LEASE))
    assert not database.transact(lambda s: slots.claim(s, slot.id, owner="two", lease=LEASE))


def test_a_finished_slot_is_not_run_again(database: Database) -> None:
    slot = announce(database)
    database.transact(lambda s: slots.claim(s, slot.id, owner="one", lease=LEASE))
    database.transact(
        lambda s: slots.finish(s, slot.id, owner="one", state="done", detail={"n": 1})
    )
    age(database, 3600)
    assert database.transact(slots.left_behind) == []
    assert not database.transact(lambda s: slots.claim(s, slot.id, owner="two", lease=LEASE))


def test_a_slot_that_its_beat_did_not_send_is_found(database: Database) -> None:
    slot = announce(database)
    assert database.transact(slots.left_behind) == []
    age(database, 5)
    assert database.transact(slots.left_behind) == [slot]
    assert database.transact(slots.left_behind) == []


def test_a_slot_that_the_broker_lost_is_sent_again(database: Database) -> None:
    slot = announce(database)
    database.transact(lambda s: slots.mark_sent(s, [slot.id]))
    assert database.transact(slots.left_behind) == []
    age(database, 20)
    assert database.transact(slots.left_behind) == [slot]


def test_a_slot_whose_worker_died_is_run_by_another(database: Database) -> None:
    slot = announce(database)
    database.transact(lambda s: slots.claim(s, slot.id, owner="dead", lease=LEASE))
    age(database, 1)
    assert database.transact(slots.left_behind) == [slot]
    assert database.transact(lambda s: slots.claim(s, slot.id, owner="new", lease=LEASE))
    # The first owner, should it live after all, changes nothing any more.
    database.transact(lambda s: slots.finish(s, slot.id, owner="dead", state="failed", detail=""))
    assert state_of(database) == "running"


def test_a_running_slot_is_not_marked_sent(database: Database) -> None:
    slot = announce(database)
    database.transact(lambda s: slots.claim(s, slot.id, owner="fast", lease=LEASE))
    database.transact(lambda s: slots.mark_sent(s, [slot.id]))
    assert state_of(database) == "running"


def wear_out(database: Database, slot: slots.Slot | None) -> None:
    assert slot is not None
    for _ in range(slots.MAX_ATTEMPTS):
        database.transact(lambda s: slots.mark_sent(s, [slot.id]))
        age(database, 20)
        database.transact(slots.left_behind)
    age(database, 20)


def test_a_slot_that_is_lost_too_often_gives_way_to_its_successor(database: Database) -> None:
    slot = announce(database)
    newer = announce(database, moment=MOMENT + timedelta(minutes=1))
    wear_out(database, slot)
    assert database.transact(slots.left_behind) == [newer]
    with database.read() as session:
        assert session.scalars(select(ScheduleSlot.state).order_by("id")).all() == ["failed", "due"]


def test_the_newest_slot_waits_for_its_worker_for_as_long_as_that_is_away(
    database: Database,
) -> None:
    slot = announce(database)
    wear_out(database, slot)
    assert database.transact(slots.left_behind) == [slot]


def test_a_slot_whose_workers_die_every_time_is_recorded_as_failed(database: Database) -> None:
    slot = announce(database)
    wear_out(database, slot)
    database.transact(lambda s: slots.claim(s, slot.id, owner="dead", lease=LEASE))
    age(database, 1)
    assert database.transact(slots.left_behind) == []
    assert state_of(database) == "failed"


def test_a_beat_leaves_slots_of_jobs_that_it_does_not_know(database: Database) -> None:
    slot = announce(database)
    age(database, 5)
    assert database.transact(lambda s: slots.left_behind(s, jobs=["other"])) == []
    assert database.transact(lambda s: slots.left_behind(s, jobs=["job"])) == [slot]


def test_a_missed_slot_is_recorded_and_never_sent(database: Database) -> None:
    database.transact(lambda s: slots.announce(s, "job", MOMENT, beat="a", missed=True))
    age(database, 3600)
    assert state_of(database) == "missed"
    assert database.transact(slots.left_behind) == []


def test_the_newest_slot_of_each_job_is_known(database: Database) -> None:
    announce(database)
    announce(database, moment=MOMENT + timedelta(minutes=1))
    assert database.transact(slots.latest) == {"job": MOMENT + timedelta(minutes=1)}


def test_what_a_clock_ahead_passed_over_can_be_announced_when_it_comes(database: Database) -> None:
    for minutes, missed in ((0, True), (1, True), (2, False)):
        moment = MOMENT + timedelta(minutes=minutes)
        database.transact(lambda s: slots.announce(s, "job", moment, beat="a", missed=missed))  # noqa: B023
    database.transact(lambda s: slots.forget_missed(s, "job", since=MOMENT + LEASE))
    database.transact(lambda s: slots.forget_missed(s, "other", since=MOMENT))
    assert announce(database) is None
    assert announce(database, moment=MOMENT + timedelta(minutes=1)) is not None
    assert announce(database, moment=MOMENT + timedelta(minutes=2)) is None
