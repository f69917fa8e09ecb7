from __future__ import annotations

import pytest

from dbsbm.cache.engine.lease import LEASE_MS, RENEW_EVERY, Leases
from tests.unit.cache.clock import Clock


@pytest.fixture
def leases(clock: Clock) -> Leases:
    return Leases(clock)


def test_a_lease_is_renewed_while_it_is_held(leases: Leases, clock: Clock) -> None:
    with leases.hold("k", b"token", 30):
        assert leases.due() == {}
        clock.now += RENEW_EVERY
        assert leases.due() == {"k": b"token"}
        assert leases.due() == {}
        clock.now += RENEW_EVERY
        assert leases.due() == {"k": b"token"}
    clock.now += RENEW_EVERY
    assert leases.due() == {}


def test_it_can_miss_two_renewals_and_stand() -> None:
    assert 3 * RENEW_EVERY * 1000 < LEASE_MS


def test_it_is_given_up_when_the_load_takes_too_long(leases: Leases, clock: Clock) -> None:
    with leases.hold("k", b"token", 30):
        clock.now += 29.9
        assert leases.due() == {"k": b"token"}
        clock.now += 0.1
        assert leases.due() == {}


def test_what_was_lost_is_not_renewed(leases: Leases, clock: Clock) -> None:
    with leases.hold("k", b"token", 30):
        leases.lost("k", b"token of another")
        clock.now += RENEW_EVERY
        assert leases.due() == {"k": b"token"}
        leases.lost("k", b"token")
        clock.now += RENEW_EVERY
        assert leases.due() == {}


def test_who_comes_after_is_not_disturbed_by_who_goes(leases: Leases, clock: Clock) -> None:
    with leases.hold("k", b"first", 30):
        second = leases.hold("k", b"second", 30)
        second.__enter__()
    clock.now += RENEW_EVERY
    assert leases.due() == {"k": b"second"}
    second.__exit__(None, None, None)
    clock.now += RENEW_EVERY
    assert leases.due() == {}
