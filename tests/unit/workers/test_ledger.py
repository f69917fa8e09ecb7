"""What a beat plans and sends, on slots kept in memory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from celery.schedules import crontab

from dbsbm.db.slots import Slot
from tests.unit.workers.doubles import FakeSlots
from workers import scheduler
from workers.scheduler import Job, Ledger

NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


class Broker:
    """Notes what is sent, unless it is away."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, datetime]] = []
        self.is_away = False

    def send(self, job: Job, slot: Slot) -> None:
        if self.is_away:
            raise ConnectionError("the broker is away")
        self.sent.append((job.name, slot.slot))


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def slots(monkeypatch: pytest.MonkeyPatch) -> FakeSlots:
    fake = FakeSlots()
    monkeypatch.setattr(scheduler, "slots", fake)
    return fake


@pytest.fixture
def beat(slots: FakeSlots, broker: Broker) -> Callable[..., Ledger]:
    """A new beat on the same slots, as after a restart or on another machine."""

    def start(*jobs: Job) -> Ledger:
        return Ledger(slots, list(jobs), broker.send, beat="test")  # type: ignore[arg-type]

    return start


LATEST = Job("refresh", "tasks.a.b", 10.0)
ALL = Job("report", "tasks.c.d", 10.0, catch_up="all")


def test_a_new_fleet_begins_with_the_newest_slot(
    beat: Callable[..., Ledger], broker: Broker, slots: FakeSlots
) -> None:
    beat(LATEST).tick(after(3))

    assert broker.sent == [("refresh", NOON)]
    assert slots.of("refresh", "sent") == [NOON]


def test_a_slot_is_sent_once_however_often_beat_ticks(
    beat: Callable[..., Ledger], broker: Broker
) -> None:
    ledger = beat(LATEST)
    for second in range(25):
        ledger.tick(after(second))

    assert broker.sent == [("refresh", after(n)) for n in (0, 10, 20)]


def test_two_beats_send_a_slot_once(beat: Callable[..., Ledger], broker: Broker) -> None:
    first, second = beat(LATEST), beat(LATEST)
    for moment in range(0, 31, 2):
        first.tick(after(moment))
        second.tick(after(moment + 1))

    assert broker.sent == [("refresh", after(n)) for n in (0, 10, 20, 30)]


def test_after_an_outage_the_newest_slot_is_made_up_and_the_others_are_missed(
    beat: Callable[..., Ledger], broker: Broker, slots: FakeSlots
) -> None:
    beat(LATEST).tick(NOON)
    beat(LATEST).tick(after(45))

    assert broker.sent == [("refresh", NOON), ("refresh", after(40))]
    assert slots.of("refresh", "missed") == [after(10), after(20), after(30)]


def test_where_all_count_every_slot_is_made_up_in_order(
    beat: Callable[..., Ledger], broker: Broker, slots: FakeSlots
) -> None:
    beat(ALL).tick(NOON)
    beat(ALL).tick(after(45))

    assert broker.sent == [("report", after(n)) for n in (0, 10, 20, 30, 40)]
    assert slots.of("report", "missed") == []


def test_what_the_broker_did_not_take_stays_due_and_is_swept_up(
    beat: Callable[..., Ledger],
    broker: Broker,
    slots: FakeSlots,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scheduler, "SWEEP_EVERY", 0.0)
    ledger = beat(LATEST)
    broker.is_away = True
    with pytest.raises(ConnectionError):
        ledger.tick(NOON)
    assert slots.of("refresh", "due") == [NOON]

    broker.is_away = False
    ledger.tick(after(1))

    assert broker.sent == [("refresh", NOON)]
    assert slots.of("refresh", "due") == []


def test_what_the_broker_took_before_it_went_away_is_not_sent_again(
    beat: Callable[..., Ledger],
    broker: Broker,
    slots: FakeSlots,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scheduler, "SWEEP_EVERY", 0.0)
    ledger = beat(ALL)
    ledger.tick(NOON)
    take = broker.send

    def take_two(job: Job, slot: Slot) -> None:
        broker.is_away = len(broker.sent) >= 3
        take(job, slot)

    monkeypatch.setattr(ledger, "_send", take_two)
    with pytest.raises(ConnectionError):
        ledger.tick(after(45))
    monkeypatch.setattr(ledger, "_send", take)
    broker.is_away = False
    ledger.tick(after(46))

    assert broker.sent == [("report", after(n)) for n in (0, 10, 20, 30, 40)]


def test_a_slot_that_could_not_be_written_down_is_planned_again(
    beat: Callable[..., Ledger], broker: Broker, slots: FakeSlots
) -> None:
    ledger = beat(LATEST)
    ledger.tick(NOON)
    slots.is_away = True
    with pytest.raises(ConnectionError):
        ledger.tick(after(10))

    slots.is_away = False
    ledger.tick(after(12))

    assert broker.sent == [("refresh", NOON), ("refresh", after(10))]


def test_a_clock_that_jumps_back_repeats_nothing_and_runs_what_it_jumped_over(
    beat: Callable[..., Ledger], broker: Broker
) -> None:
    ledger = beat(LATEST)
    for second in (0, 30, 5, 15, 25, 31):
        ledger.tick(after(second))

    assert broker.sent == [("refresh", after(n)) for n in (0, 30, 10, 20)]


def test_slots_of_a_job_that_was_switched_off_are_left_alone(
    beat: Callable[..., Ledger], broker: Broker, slots: FakeSlots
) -> None:
    slots.states["gone", NOON] = "due"

    beat(LATEST).tick(after(1))

    assert broker.sent == [("refresh", NOON)]
    assert slots.of("gone", "due") == [NOON]


@pytest.mark.parametrize(
    ("now", "pause"),
    [(after(9.4), 0.6), (after(0), 1.0), (after(9.999999), 0.01)],
)
def test_beat_sleeps_until_the_next_slot_and_a_second_at_most(
    beat: Callable[..., Ledger], now: datetime, pause: float
) -> None:
    assert beat(LATEST).tick(now) == pytest.approx(pause, abs=1e-6)


def test_a_crontab_is_looked_at_every_second(beat: Callable[..., Ledger]) -> None:
    assert beat(Job("nightly", "tasks.e.f", crontab(minute="0", hour="4"))).tick(NOON) == 1.0


def test_an_idle_tick_asks_the_database_nothing_but_the_sweep(
    beat: Callable[..., Ledger], slots: FakeSlots
) -> None:
    ledger = beat(LATEST)
    ledger.tick(NOON)
    before = slots.transactions
    ledger.tick(after(0.5))

    assert slots.transactions == before


@pytest.mark.parametrize("restarted", [False, True])
def test_a_clock_that_was_an_hour_ahead_stops_nothing_once_it_is_right(
    beat: Callable[..., Ledger], broker: Broker, slots: FakeSlots, *, restarted: bool
) -> None:
    ledger = beat(LATEST)
    ledger.tick(NOON)
    ledger.tick(after(3600))
    broker.sent.clear()

    if restarted:
        ledger = beat(LATEST)
    for second in range(10, 41):
        ledger.tick(after(second))

    assert broker.sent == [("refresh", after(n)) for n in (10, 20, 30, 40)]


def test_a_clock_that_is_set_back_a_little_doubles_nothing(
    beat: Callable[..., Ledger], broker: Broker
) -> None:
    ledger = beat(LATEST)
    for second in (0, 9, 10, 11, 8, 9, 10, 11, 20):
        ledger.tick(after(second))

    assert broker.sent == [("refresh", after(n)) for n in (0, 10, 20)]
