from __future__ import annotations

import redis

from dbsbm.monitor.counting import handover
from dbsbm.monitor.counting.handover import Handover, Parcel


def parcel(amount: float = 1, *notes: str) -> Parcel:
    return Parcel(
        {("x.sum|a=1", "x.sum|a=other"): amount}, {("x.max|", "x.max|"): amount}, [*notes]
    )


def test_parcels_of_all_processes_are_added_up(broker: redis.Redis) -> None:
    box = Handover(broker)
    box.deliver(parcel(1.5, "one"), process="p", number=1)
    box.deliver(parcel(0.25, "two"), process="p", number=2)
    box.deliver(parcel(4), process="q", number=1)
    batch = box.take()
    assert batch.sums == {"x.sum|a=1": 5.75}
    assert batch.peaks == {"x.max|": 4}
    assert batch.notes == ["one", "two"]


def test_a_parcel_that_is_delivered_twice_counts_once(broker: redis.Redis) -> None:
    box = Handover(broker)
    for _ in range(2):
        box.deliver(parcel(3, "note"), process="p", number=7)
    batch = box.take()
    assert batch.sums == {"x.sum|a=1": 3}
    assert batch.notes == ["note"]


def test_a_peak_is_the_highest_of_all_not_the_last(broker: redis.Redis) -> None:
    box = Handover(broker)
    for number, peak in enumerate((-5.0, 9.0, 10.0, 2.0)):
        box.deliver(parcel(peak), process="p", number=number)
    assert box.take().peaks == {"x.max|": 10}


def test_what_was_taken_is_not_taken_again(broker: redis.Redis) -> None:
    box = Handover(broker)
    box.deliver(parcel(1, "note"), process="p", number=1)
    first = box.take()
    box.deliver(parcel(2), process="p", number=2)
    second = box.take()
    assert (first.sums["x.sum|a=1"], second.sums["x.sum|a=1"]) == (1, 2)
    assert second.notes == []
    assert box.take().sums == {}


def test_a_batch_under_lease_is_nobody_elses(broker: redis.Redis) -> None:
    box = Handover(broker)
    box.take()
    assert box.claim_abandoned() is None


def test_a_released_batch_is_claimed_once_and_is_the_same(broker: redis.Redis) -> None:
    box = Handover(broker)
    box.deliver(parcel(1, "note"), process="p", number=1)
    batch = box.take()
    box.release(batch.id)
    assert box.claim_abandoned() == batch
    assert box.claim_abandoned() is None


def test_the_batch_of_a_dead_sampler_is_claimed_when_its_lease_has_ended(
    broker: redis.Redis,
) -> None:
    box = Handover(broker)
    box.deliver(parcel(), process="p", number=1)
    batch = box.take()
    lease_end = broker.zscore(handover.LEASES, batch.id)
    assert lease_end is not None
    broker.zincrby(handover.LEASES, -handover.LEASE_SECONDS, batch.id)
    assert box.claim_abandoned() == batch


def test_a_discarded_batch_leaves_nothing_on_the_broker(broker: redis.Redis) -> None:
    box = Handover(broker)
    box.deliver(parcel(1, "note"), process="p", number=1)
    box.discard(box.take().id)
    assert [key.decode() for key in broker.keys("*")] == ["dbsbm:metrics:parcel:p"]
    assert 0 < broker.ttl("dbsbm:metrics:parcel:p") <= 3600


def test_a_batch_that_was_discarded_cannot_be_released_back_to_life(broker: redis.Redis) -> None:
    box = Handover(broker)
    batch = box.take()
    box.discard(batch.id)
    box.release(batch.id)
    assert box.claim_abandoned() is None


def test_a_full_broker_adds_new_series_to_the_others_and_keeps_the_known(
    broker: redis.Redis,
) -> None:
    box = Handover(broker)
    many = {(f"x|n={n}", "x|n=other"): 1.0 for n in range(handover.MAX_SERIES)}
    box.deliver(Parcel(sums=many), process="p", number=1)
    late: dict[tuple[str, str], float] = {
        ("x|n=late", "x|n=other"): 5,
        ("x|n=later", "x|n=other"): 6,
        ("x|n=0", "x|n=other"): 1,
    }
    box.deliver(Parcel(sums=late), process="p", number=2)
    sums = box.take().sums
    assert len(sums) == handover.MAX_SERIES + 1
    assert (sums["x|n=other"], sums["x|n=0"]) == (11, 2)


def test_notes_are_bounded_and_the_newest_stay(broker: redis.Redis) -> None:
    box = Handover(broker)
    notes = [str(number) for number in range(handover.MAX_NOTES + 10)]
    box.deliver(Parcel(notes=notes), process="p", number=1)
    assert box.take().notes == notes[10:]
