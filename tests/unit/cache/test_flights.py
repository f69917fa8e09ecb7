from __future__ import annotations

import threading

import pytest

from dbsbm.cache.engine.bells import Bells
from dbsbm.cache.engine.flights import Flights, Landed, value_for_follower
from tests.unit.cache.clock import Clock

KEY, TAG, OTHER = "k", "tag:t", "other"


@pytest.fixture
def flights(clock: Clock) -> Flights:
    return Flights(clock)


def test_the_first_leads_and_the_others_follow(flights: Flights) -> None:
    flight, leads = flights.join(KEY, (), 30)
    assert leads
    assert flights.join(KEY, (), 30) == (flight, False)
    other, leads_other = flights.join(OTHER, (), 30)
    assert leads_other
    assert other is not flight
    flights.land(flight, Landed("value"))
    assert flight.future.result(0).value == "value"
    assert flights.join(KEY, (), 30)[1]


def test_a_follower_never_sees_what_the_leader_does_to_its_value(flights: Flights) -> None:
    flight, _ = flights.join(KEY, (), 30)
    flights.join(KEY, (), 30)
    value = {"legs": [1]}
    flights.land(flight, Landed(value))
    value["legs"].append(2)
    landed = flight.future.result(0)
    assert value_for_follower(landed) == {"legs": [1]}
    value_for_follower(landed)["legs"].clear()
    assert value_for_follower(landed) == {"legs": [1]}


def test_a_flight_that_takes_too_long_is_replaced(flights: Flights, clock: Clock) -> None:
    lost, _ = flights.join(KEY, (TAG,), 30)
    clock.now += 29
    assert flights.join(KEY, (TAG,), 30) == (lost, False)
    clock.now += 1
    new, leads = flights.join(KEY, (TAG,), 30)
    assert leads
    flights.land(lost, Landed("late"))
    assert flights.join(KEY, (TAG,), 30) == (new, False)


@pytest.mark.parametrize("name", [KEY, TAG])
@pytest.mark.parametrize("pushed", [False, True])
def test_a_change_keeps_later_callers_from_joining_a_load(
    flights: Flights, name: str, pushed: bool
) -> None:
    old, _ = flights.join(KEY, (TAG,), 30)
    old.loads()
    flights.outdate([OTHER, name], pushed=pushed)
    new, leads = flights.join(KEY, (TAG,), 30)
    assert leads
    flights.land(old, Landed("old"))
    assert flights.join(KEY, (TAG,), 30) == (new, False)


def test_the_push_for_its_own_lease_does_not_outdate_a_load(flights: Flights) -> None:
    flight, _ = flights.join(KEY, (TAG,), 30)
    flight.looks()
    flight.loads(changed=[KEY])
    flights.outdate([KEY], pushed=True)
    assert flights.join(KEY, (TAG,), 30) == (flight, False)
    flights.outdate([KEY], pushed=True)
    assert flights.join(KEY, (TAG,), 30)[1]


def test_a_push_for_its_own_lease_that_came_first_hides_no_later_one(flights: Flights) -> None:
    flight, _ = flights.join(KEY, (TAG,), 30)
    flight.looks()
    flights.outdate([KEY], pushed=True)
    flight.loads(changed=[KEY])
    flights.outdate([KEY], pushed=True)
    assert flights.join(KEY, (TAG,), 30)[1]


def test_what_this_process_changes_is_never_taken_for_its_own_lease(flights: Flights) -> None:
    flight, _ = flights.join(KEY, (), 30)
    flight.looks()
    flight.loads(changed=[KEY])
    flights.outdate([KEY])
    assert flights.join(KEY, (), 30)[1]


def test_who_looks_while_something_changes_looks_again_for_those_who_joined(
    flights: Flights,
) -> None:
    flight, _ = flights.join(KEY, (TAG,), 30)
    flight.looks()
    flights.outdate([TAG], pushed=True)
    assert flights.join(KEY, (TAG,), 30) == (flight, False)
    assert not flights.land(flight, Landed("found before the change"))
    flight.looks()
    assert flights.land(flight, Landed("found after it"))
    assert flight.future.result(0).value == "found after it"


def test_who_is_alone_need_not_look_again(flights: Flights) -> None:
    flight, _ = flights.join(KEY, (TAG,), 30)
    flight.looks()
    flights.outdate([TAG], pushed=True)
    assert flights.land(flight, Landed("found"))


def test_who_waits_to_look_again_is_outdated_by_nothing(flights: Flights) -> None:
    flight, _ = flights.join(KEY, (TAG,), 30)
    flight.rests()
    flights.outdate([KEY, TAG], pushed=True)
    flights.outdate([KEY, TAG])
    assert flights.join(KEY, (TAG,), 30) == (flight, False)


def test_after_a_gap_nobody_joins_anything(flights: Flights) -> None:
    flight, _ = flights.join(KEY, (TAG,), 30)
    flights.outdate_all()
    assert flights.join(KEY, (TAG,), 30)[1]
    flights.land(flight, Landed("old"))


def test_an_exception_is_for_all(flights: Flights) -> None:
    flight, _ = flights.join(KEY, (), 30)
    flights.fail(flight, ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        flight.future.result(0)
    assert flights.join(KEY, (), 30)[1]


def test_flights_leave_nothing_behind(flights: Flights) -> None:
    for number in range(100):
        flight, _ = flights.join(f"k{number}", (TAG, f"tag:{number}"), 30)
        flights.join(f"k{number}", (TAG,), 30)
        flights.land(flight, Landed(number))
    assert not flights._by_key
    assert not flights._by_name


def test_a_bell_wakes_those_who_listen_and_no_others() -> None:
    bells = Bells()
    with bells.listen(KEY) as first, bells.listen(KEY) as second, bells.listen(OTHER) as other:
        bells.ring([KEY, "nobody"])
        assert first.done()
        assert second.done()
        assert not other.done()
        bells.ring_all()
        assert other.done()
    assert not bells._waiting


def test_who_leaves_is_not_rung_for() -> None:
    bells = Bells()
    with bells.listen(KEY) as future, bells.listen(KEY):
        pass
    bells.ring([KEY])
    assert not future.done()
    assert not bells._waiting


def test_many_threads_agree_on_one_leader(flights: Flights) -> None:
    together, leaders = threading.Barrier(16), []

    def join() -> None:
        together.wait()
        flight, leads = flights.join(KEY, (), 30)
        if leads:
            leaders.append(flight)

    threads = [threading.Thread(target=join) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(leaders) == 1
    assert leaders[0]._followers == 15
