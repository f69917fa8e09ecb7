from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
import redis

from dbsbm.monitor.counting import handover
from dbsbm.monitor.counting.handover import Batch, Handover
from dbsbm.monitor.counting.parcel import Parcel
from dbsbm.monitor.counting.series import COUNTER, DISTRIBUTION, SeriesPair, spell
from dbsbm.monitor.counting.sketch import Sketch
from dbsbm.monitor.counting.stats import Stats

DONE = spell(COUNTER, "done", [("a", 1)])
TOOK = spell(DISTRIBUTION, "took", [])


def amount(value: float) -> Stats:
    return Stats(1, value, value, value, value)


def sketch(*values: float) -> Sketch:
    found = Sketch()
    found.add_all(values)
    return found


def this_minute() -> int:
    return int(time.time() // 60)


def deliver(
    box: Handover,
    series: dict[SeriesPair, Stats],
    *notes: str,
    process: str = "p",
    number: int = 1,
    minute: int | None = None,
    sent_at: float | None = None,
) -> float:
    at = this_minute() if minute is None else minute
    parcel = Parcel({at: series}, [*notes])
    now = time.time() if sent_at is None else sent_at
    return box.deliver(parcel, process=process, number=number, sent_at=now)


def together(batch: Batch) -> dict[str, Stats]:
    """All minutes of a batch as one: a test may run over the end of a minute."""
    found: dict[str, Stats] = {}
    for minute in batch.minutes.values():
        for series, stats in minute.items():
            found.setdefault(series, type(stats)()).merge(stats)
    return found


def test_what_all_processes_counted_is_added_up(broker: redis.Redis) -> None:
    box = Handover(broker)
    deliver(box, {DONE: amount(1.5), TOOK: sketch(0.5, -3, 0)}, "one", number=1)
    deliver(box, {DONE: amount(0.25), TOOK: sketch(0.5, 70)}, "two", number=2)
    deliver(box, {DONE: amount(4), TOOK: sketch(-3, 1e-9)}, process="q")
    batch = box.take()
    assert together(batch) == {
        DONE[0]: Stats(3, 5.75, 0.25, 4, 4),
        TOOK[0]: sketch(0.5, -3, 0, 0.5, 70, -3, 1e-9),
    }
    assert batch.notes == ["one", "two"]


def test_sums_of_many_parcels_are_exact(broker: redis.Redis) -> None:
    box = Handover(broker)
    for number in range(200):
        deliver(box, {DONE: amount(2**40 + 1)}, number=number)
    assert together(box.take())[DONE[0]].total == 200 * (2**40 + 1)


def test_a_parcel_that_is_delivered_twice_counts_once(broker: redis.Redis) -> None:
    box = Handover(broker)
    for _ in range(2):
        deliver(box, {DONE: amount(3)}, "note", number=7)
    batch = box.take()
    assert together(batch)[DONE[0]].total == 3
    assert batch.notes == ["note"]


def test_each_minute_is_kept_apart_and_the_oldest_comes_first(broker: redis.Redis) -> None:
    box = Handover(broker)
    now = this_minute()
    for number, minute in enumerate((now, now - 9, now - 100)):
        deliver(box, {DONE: amount(number + 1)}, number=number, minute=minute)
    batch = box.take()
    assert list(batch.minutes) == [
        datetime.fromtimestamp(minute * 60, UTC) for minute in (now - 100, now - 9, now)
    ]


@pytest.mark.parametrize("off_by", [-7200, 86_400])
def test_the_minutes_of_a_process_whose_clock_is_wrong_are_corrected(
    broker: redis.Redis, off_by: int
) -> None:
    box = Handover(broker)
    wrong = time.time() + off_by
    told = deliver(box, {DONE: amount(1)}, minute=int(wrong // 60), sent_at=wrong)
    batch = box.take()
    (start,) = batch.minutes
    assert abs(start.timestamp() - told) < 120
    assert abs(told - time.time()) < 60
    assert [*together(batch)] == [DONE[0]]


@pytest.mark.parametrize(("minutes", "kept"), [(60, 0), (-500, -handover.OLDEST_MINUTES)])
def test_the_future_and_the_far_past_go_to_the_nearest_minute_and_are_counted(
    broker: redis.Redis, minutes: int, kept: int
) -> None:
    box = Handover(broker)
    deliver(box, {DONE: amount(5)}, minute=this_minute() + minutes)
    batch = box.take()
    starts = {start.timestamp() // 60 - this_minute() for start in batch.minutes}
    assert {start + 1 for start in starts} >= {kept} or kept in starts
    assert together(batch)["counter|monitor.shifted|"].total == 1


def test_what_was_taken_is_not_taken_again(broker: redis.Redis) -> None:
    box = Handover(broker)
    deliver(box, {DONE: amount(1)}, "note")
    first = box.take()
    deliver(box, {DONE: amount(2)}, number=2)
    second = box.take()
    assert [together(batch)[DONE[0]].total for batch in (first, second)] == [1, 2]
    assert second.notes == []
    assert not box.take().minutes


def test_a_batch_under_lease_is_nobody_elses(broker: redis.Redis) -> None:
    box = Handover(broker)
    box.take()
    assert box.claim_abandoned() is None


def test_a_released_batch_is_claimed_once_and_is_the_same(broker: redis.Redis) -> None:
    box = Handover(broker)
    deliver(box, {DONE: amount(1)}, "note")
    batch = box.take()
    box.release(batch.id)
    assert box.claim_abandoned() == batch
    assert box.claim_abandoned() is None


def test_the_batch_of_a_dead_sampler_is_claimed_when_its_lease_has_ended(
    broker: redis.Redis,
) -> None:
    box = Handover(broker)
    deliver(box, {DONE: amount(1)})
    batch = box.take()
    broker.zincrby(handover.LEASES, -handover.LEASE_SECONDS, batch.id)
    assert box.claim_abandoned() == batch


def test_a_discarded_batch_leaves_nothing_on_the_broker(broker: redis.Redis) -> None:
    box = Handover(broker)
    deliver(box, {DONE: amount(1)}, "note")
    box.discard(box.take().id)
    assert [key.decode() for key in broker.keys("*")] == ["dbsbm:metrics:parcel:p"]
    assert 0 < broker.ttl("dbsbm:metrics:parcel:p") <= 3600


def test_a_batch_that_was_discarded_cannot_be_released_back_to_life(broker: redis.Redis) -> None:
    box = Handover(broker)
    batch = box.take()
    box.discard(batch.id)
    box.release(batch.id)
    assert box.claim_abandoned() is None


def test_a_full_minute_adds_new_series_to_the_others_and_keeps_the_known(
    broker: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover, "MAX_SERIES", 50)
    box = Handover(broker)
    minute = this_minute()
    numbered = [spell(COUNTER, "x", [("n", n)]) for n in range(60)]
    deliver(box, {series: amount(1) for series in numbered[:50]}, minute=minute)
    late = {numbered[0]: amount(1), numbered[51]: amount(5), numbered[52]: amount(6)}
    deliver(box, late, number=2, minute=minute)
    found = together(box.take())
    assert len(found) == 51
    assert found["counter|x|n=other"].total == 11
    assert found["counter|x|n=0"].total == 2


def test_the_more_minutes_wait_the_fewer_series_each_may_have(
    broker: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover, "MAX_WAITING", 100)
    box = Handover(broker)
    for number in range(20):
        found = {spell(COUNTER, "x", [("n", n)]): amount(1) for n in range(40)}
        deliver(box, found, number=number, minute=this_minute() - 20 + number)
    sizes = [broker.hlen(key) for key in broker.keys("dbsbm:metrics:minute:*")]
    assert len(sizes) == 20
    assert (max(sizes), min(sizes)) == (40, 6)


def test_minutes_are_bounded_and_the_loss_of_the_oldest_is_counted(
    broker: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover, "MAX_MINUTES", 10)
    box = Handover(broker)
    for number in range(30):
        deliver(box, {DONE: amount(1)}, number=number, minute=this_minute() - 30 + number)
    assert broker.zcard(handover.MINUTES) <= 11
    assert together(box.take())["counter|monitor.lost_minutes|"].total >= 20


def test_an_outage_is_taken_in_batches_of_bounded_size(broker: redis.Redis) -> None:
    box = Handover(broker)
    minutes = handover.BATCH_MINUTES * 2 + 3
    for number in range(minutes):
        deliver(box, {DONE: amount(1)}, number=number, minute=this_minute() - minutes + number)
    batches = [box.take() for _ in range(3)]
    assert [len(batch.minutes) for batch in batches] == [15, 15, 3]
    assert [batch.is_full for batch in batches] == [True, True, False]


def test_notes_are_bounded_and_the_newest_stay(broker: redis.Redis) -> None:
    box = Handover(broker)
    notes = [str(number) for number in range(handover.MAX_NOTES + 10)]
    deliver(box, {}, *notes)
    assert box.take().notes == notes[10:]


def test_a_series_that_cannot_be_read_is_dropped_and_the_others_stay(broker: redis.Redis) -> None:
    box = Handover(broker)
    deliver(box, {DONE: amount(1)})
    broker.hset(f"dbsbm:metrics:minute:{this_minute()}", "counter|odd|", b"\xc1")
    assert [*together(box.take())] == [DONE[0]]
