from __future__ import annotations

import time

import pytest

from dbsbm.cache.server.clocks import SERVES_FOR, ServerClock, uptime
from tests.unit.cache.clock import Clock


@pytest.fixture
def server(clock: Clock) -> ServerClock:
    return ServerClock(clock)


def measure(server: ServerClock, clock: Clock, took: float, server_time: float) -> None:
    """Ask, and be answered with what the server's clock shows half-way."""
    sent_at = clock.now
    clock.now += took
    server.measured(sent_at, (int(server_time), round(server_time % 1 * 1e6)))


def test_uptime_only_grows() -> None:
    moments = [uptime() for _ in range(100)]
    assert moments == sorted(moments)


def test_until_the_server_has_told_its_time_ours_has_to_do(
    server: ServerClock, clock: Clock
) -> None:
    assert not server.is_known
    assert abs(server.now_ms() - time.time() * 1000) < 60_000


def test_the_servers_time_goes_on_between_its_answers(server: ServerClock, clock: Clock) -> None:
    measure(server, clock, 0.002, 1_800_000_000.0)
    assert server.is_known
    assert server.now_ms() == 1_800_000_000_001
    clock.now += 10
    assert server.now_ms() == 1_800_000_010_001
    assert server.here(1_800_000_020_001) == pytest.approx(clock.now + 10)


def test_of_several_answers_the_quickest_is_believed(server: ServerClock, clock: Clock) -> None:
    measure(server, clock, 0.1, 1_800_000_000.0)
    measure(server, clock, 0.002, 1_800_000_001.0)
    measure(server, clock, 0.08, 1_800_000_001.07)
    assert server.now_ms() == pytest.approx(1_800_000_001_081, abs=1)


def test_a_clock_that_was_set_at_the_server_is_followed(server: ServerClock, clock: Clock) -> None:
    measure(server, clock, 0.001, 1_800_000_000.0)
    for number in range(20):
        measure(server, clock, 0.002, 1_900_000_000.0 + number)
        clock.now += 0.998
    assert server.now_ms() == pytest.approx(1_900_000_019_999, abs=2)


def test_an_old_answer_is_not_used_for_ever(server: ServerClock, clock: Clock) -> None:
    measure(server, clock, 0.001, 1_800_000_000.0)
    clock.now += SERVES_FOR
    assert not server.is_known
    measure(server, clock, 0.5, 1_900_000_000.0)
    assert server.now_ms() == pytest.approx(1_900_000_000_250, abs=1)


def test_a_jump_of_our_own_wall_clock_changes_nothing(
    server: ServerClock, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure(server, clock, 0.002, 1_800_000_000.0)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert server.now_ms() == 1_800_000_000_001
