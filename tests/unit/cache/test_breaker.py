from __future__ import annotations

import logging

import pytest

from dbsbm.cache.server.breaker import FIRST_PAUSE, LONGEST_PAUSE, Breaker
from tests.unit.cache.clock import Clock


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker("cache", clock)


ERROR = ConnectionError("refused")


def test_a_closed_breaker_admits_everybody(breaker: Breaker) -> None:
    assert breaker.admits()
    breaker.succeeded()
    assert breaker.admits()
    assert not breaker.is_open


def test_the_first_failure_opens_it(breaker: Breaker, clock: Clock) -> None:
    breaker.failed(ERROR)
    assert breaker.is_open
    clock.now += FIRST_PAUSE * 0.99
    assert not breaker.admits()


def test_after_the_pause_one_caller_probes_while_the_others_wait(
    breaker: Breaker, clock: Clock
) -> None:
    breaker.failed(ERROR)
    clock.now += FIRST_PAUSE
    assert breaker.admits()
    assert not breaker.admits()
    breaker.succeeded()
    assert breaker.admits()
    assert breaker.admits()


def test_a_failed_probe_doubles_the_pause_up_to_the_longest(breaker: Breaker, clock: Clock) -> None:
    breaker.failed(ERROR)
    for pause in (FIRST_PAUSE, 2 * FIRST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE):
        clock.now += pause * 0.99
        assert not breaker.admits()
        clock.now += pause * 0.02
        assert breaker.admits()
        breaker.failed(ERROR)


def test_success_makes_the_next_pause_short_again(breaker: Breaker, clock: Clock) -> None:
    for _ in range(5):
        breaker.failed(ERROR)
    breaker.succeeded()
    breaker.failed(ERROR)
    clock.now += FIRST_PAUSE
    assert breaker.admits()


def test_a_prober_that_never_reports_does_not_block_the_next(
    breaker: Breaker, clock: Clock
) -> None:
    breaker.failed(ERROR)
    clock.now += FIRST_PAUSE
    assert breaker.admits()
    clock.now += FIRST_PAUSE
    assert breaker.admits()


def test_each_change_is_one_line_in_the_log(
    breaker: Breaker, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for _ in range(3):
        breaker.failed(ERROR)
    clock.now += 4
    for _ in range(3):
        breaker.succeeded()
    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
        ("WARNING", "The cache does not work and is left out until it does: refused"),
        ("INFO", "The cache works again after 4.0 s."),
    ]
    assert [vars(each)["action"] for each in caplog.records] == [
        "cache.opened_breaker",
        "cache.closed_breaker",
    ]


def test_where_somebody_else_watches_callers_do_not_probe(clock: Clock) -> None:
    watched = True
    breaker = Breaker("cache", clock, lambda: watched)
    breaker.failed(ERROR)
    clock.now += 10 * LONGEST_PAUSE
    assert not breaker.admits()
    watched = False
    assert breaker.admits()
    watched = True
    breaker.succeeded()
    assert breaker.admits()


def test_it_remembers_when_it_opened_and_not_when_it_failed_again(clock: Clock) -> None:
    breaker = Breaker("cache", clock)
    clock.now = 7.0
    breaker.failed(ERROR)
    clock.now = 8.0
    breaker.failed(ERROR)
    assert breaker.opened_at == 7.0
