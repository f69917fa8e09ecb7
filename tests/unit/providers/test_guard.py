from __future__ import annotations

import logging
import threading

import pytest
import redis

from dbsbm.providers.errors import (
    BadAnswer,
    BadKey,
    BadRequest,
    PlanDenied,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    Unavailable,
)
from dbsbm.providers.guard import BreakerPolicy, Guard, Limits, Meter, Priority
from dbsbm.providers.model import QuotaState

# 2026-11-20 12:00:00 UTC, the first second of a minute.
NOON = 1_795_176_000.0


class FakeClock:
    """Epoch seconds that only a test moves."""

    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def meter(
    *, day: int | None = None, minute: int | None = None, sport: str = "soccer", key: str = "k1"
) -> Meter:
    return Meter("apisports", f"apisports:{sport}", key, Limits(day, minute))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def guard(clock: FakeClock) -> Guard:
    return Guard(None, clock=clock, breaker=BreakerPolicy(threshold=3, first_seconds=5))


def call(
    guard: Guard,
    of: Meter,
    error: ProviderError | None = None,
    *,
    priority: Priority = "user",
    plan: str | None = None,
    quota: QuotaState | None = None,
) -> None:
    guard.settle(guard.admit(of, priority, plan), error, quota)


def admitted(guard: Guard, of: Meter, tries: int, priority: Priority = "user") -> int:
    """How many of so many calls are let through."""
    count = 0
    for _ in range(tries):
        try:
            call(guard, of, priority=priority)
        except ProviderError:
            break
        count += 1
    return count


def test_the_days_allowance_ends_at_midnight_utc(guard: Guard, clock: FakeClock) -> None:
    assert admitted(guard, meter(day=5), 9) == 5

    with pytest.raises(QuotaExhausted) as caught:
        guard.admit(meter(day=5), "user")
    assert caught.value.reset_at is not None
    assert caught.value.reset_at.isoformat() == "2026-11-21T00:00:00+00:00"
    assert caught.value.retry_after == 43_200

    clock.now += 43_200
    assert admitted(guard, meter(day=5), 9) == 5


def test_the_minutes_allowance_ends_with_the_minute(guard: Guard, clock: FakeClock) -> None:
    clock.now += 15
    assert admitted(guard, meter(minute=3), 9) == 3

    with pytest.raises(RateLimited) as caught:
        guard.admit(meter(minute=3), "user")
    assert caught.value.retry_after == 45

    clock.now += 45
    assert admitted(guard, meter(minute=3), 9) == 3


def test_warmers_leave_a_part_of_the_allowance_to_members(guard: Guard) -> None:
    assert admitted(guard, meter(day=10), 20, "background") == 7
    assert admitted(guard, meter(day=10), 20, "user") == 3


def test_the_refusal_of_a_warmer_says_whose_share_is_used_up(guard: Guard) -> None:
    admitted(guard, meter(day=10), 20, "background")

    with pytest.raises(QuotaExhausted, match="for background work"):
        guard.admit(meter(day=10), "background")


def test_every_sport_has_an_allowance_of_its_own(guard: Guard) -> None:
    admitted(guard, meter(day=2), 9)

    assert admitted(guard, meter(day=2, sport="hockey"), 9) == 2


def test_the_providers_headers_count_calls_that_others_made(guard: Guard) -> None:
    others = QuotaState(day_limit=100, day_remaining=4)
    call(guard, meter(day=100), quota=others)

    assert admitted(guard, meter(day=100), 99) == 4


def test_headers_never_give_calls_back(guard: Guard) -> None:
    admitted(guard, meter(day=5), 3)
    call(guard, meter(day=5), quota=QuotaState(day_limit=5, day_remaining=5))

    assert admitted(guard, meter(day=5), 9) == 1


def test_the_lower_of_the_plans_and_the_operators_daily_limit_counts(guard: Guard) -> None:
    call(guard, meter(day=50), quota=QuotaState(day_limit=10, day_remaining=9))
    assert admitted(guard, meter(day=50), 99) == 9

    call(guard, meter(day=5, sport="nba"), quota=QuotaState(day_limit=7500, day_remaining=7499))
    assert admitted(guard, meter(day=5, sport="nba"), 99) == 4


def test_the_plans_limit_a_minute_replaces_what_we_assumed(guard: Guard) -> None:
    call(guard, meter(minute=10), quota=QuotaState(minute_limit=30, minute_remaining=29))

    assert admitted(guard, meter(minute=10), 99) == 29


def test_an_answer_that_arrives_after_midnight_belongs_to_the_day_of_its_call(
    guard: Guard, clock: FakeClock
) -> None:
    clock.now += 43_199
    late = guard.admit(meter(day=10), "user")
    clock.now += 2
    guard.settle(late, None, QuotaState(day_limit=10, day_remaining=0))

    assert admitted(guard, meter(day=10), 99) == 10


def test_three_failures_in_a_row_open_the_breaker(guard: Guard, clock: FakeClock) -> None:
    for _ in range(3):
        call(guard, meter(), Unavailable("down"))

    with pytest.raises(Unavailable, match="left alone") as caught:
        guard.admit(meter(), "user")
    assert caught.value.retry_after == 5


def test_a_good_answer_in_between_keeps_the_breaker_closed(guard: Guard) -> None:
    for error in (Unavailable("down"), BadAnswer("half"), None, Unavailable("x"), Unavailable("y")):
        call(guard, meter(), error)

    guard.admit(meter(), "user")


def test_failures_far_apart_do_not_add_up(guard: Guard, clock: FakeClock) -> None:
    for _ in range(4):
        call(guard, meter(), Unavailable("down"))
        clock.now += 1_000

    guard.admit(meter(), "user")


def test_after_the_wait_one_call_probes_and_the_others_wait(guard: Guard, clock: FakeClock) -> None:
    for _ in range(3):
        call(guard, meter(), Unavailable("down"))
    clock.now += 5

    probe = guard.admit(meter(), "user")
    with pytest.raises(Unavailable):
        guard.admit(meter(), "user")

    guard.settle(probe, None, None)
    guard.admit(meter(), "user")


def fail_until_refused(guard: Guard) -> float | None:
    """Let calls fail until the guard refuses one, and return how long it says to wait."""
    for _ in range(9):
        try:
            admission = guard.admit(meter(), "user")
        except Unavailable as refusal:
            return refusal.retry_after
        guard.settle(admission, Unavailable("down"), None)
    raise AssertionError("the breaker never opened")


def test_a_probe_that_fails_doubles_the_wait(guard: Guard, clock: FakeClock) -> None:
    waits = []
    for _ in range(8):
        waits.append(fail_until_refused(guard))
        clock.now += waits[-1] or 0

    assert waits == [5, 10, 20, 40, 80, 160, 300, 300]


def test_a_probe_that_never_reports_back_does_not_block_forever(
    guard: Guard, clock: FakeClock
) -> None:
    for _ in range(3):
        call(guard, meter(), Unavailable("down"))
    clock.now += 5
    guard.admit(meter(), "user")
    clock.now += 15

    guard.admit(meter(), "user")


def test_failures_of_calls_that_were_under_way_do_not_lengthen_the_wait(guard: Guard) -> None:
    under_way = [guard.admit(meter(), "user") for _ in range(8)]
    for admission in under_way:
        guard.settle(admission, Unavailable("down"), None)

    with pytest.raises(Unavailable) as caught:
        guard.admit(meter(), "user")
    assert caught.value.retry_after == 5


def test_a_refused_question_is_no_failure_of_the_provider(guard: Guard) -> None:
    for _ in range(9):
        call(guard, meter(), BadRequest("no such league"))

    guard.admit(meter(), "user")


def test_an_exhausted_day_stops_the_scope_until_it_is_renewed(
    guard: Guard, clock: FakeClock
) -> None:
    call(guard, meter(), QuotaExhausted("gone", retry_after=43_200))

    with pytest.raises(QuotaExhausted):
        guard.admit(meter(), "user")
    guard.admit(meter(sport="hockey"), "user")
    clock.now += 43_200
    guard.admit(meter(), "user")


def test_a_refused_key_stops_every_sport_but_not_another_key(
    guard: Guard, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        call(guard, meter(), BadKey("no"))

    assert "correct the key" in caplog.text
    for sport in ("soccer", "hockey"):
        with pytest.raises(BadKey):
            guard.admit(meter(sport=sport), "user")
    guard.admit(meter(key="k2"), "user")


def test_a_refused_key_is_tried_again_after_an_hour(guard: Guard, clock: FakeClock) -> None:
    # An account that was suspended by mistake must not stay dark for want of a restart.
    call(guard, meter(), BadKey("no"))
    clock.now += 3_600

    guard.admit(meter(), "user")


def test_what_the_plan_denies_is_not_asked_again_for_a_day(guard: Guard, clock: FakeClock) -> None:
    call(guard, meter(), PlanDenied("no"), plan="season:39:2026")

    with pytest.raises(PlanDenied):
        guard.admit(meter(), "user", "season:39:2026")
    guard.admit(meter(), "user", "season:140:2026")
    clock.now += 86_400
    guard.admit(meter(), "user", "season:39:2026")


def test_threads_share_one_allowance(guard: Guard) -> None:
    passed: list[int] = []
    threads = [
        threading.Thread(target=lambda: passed.append(admitted(guard, meter(day=50), 20)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(passed) == 50


class DownRedis(redis.Redis):
    """A Redis that is not there."""

    def __init__(self) -> None:
        super().__init__(host="127.0.0.1", port=1)
        self.asked = 0

    def execute_command(self, *args: object, **options: object) -> object:
        self.asked += 1
        raise redis.ConnectionError("no route")


def test_without_redis_a_process_keeps_to_its_small_share(
    caplog: pytest.LogCaptureFixture, clock: FakeClock
) -> None:
    down = DownRedis()
    guard = Guard(down, degraded_share=0.2, clock=clock)

    with caplog.at_level(logging.WARNING):
        assert admitted(guard, meter(day=50), 99) == 10
    assert "out of reach" in caplog.text
    # Asked once, then left alone: an outage must not cost every call a connection attempt.
    assert down.asked == 1


def test_without_redis_the_providers_headers_still_count(clock: FakeClock) -> None:
    guard = Guard(DownRedis(), degraded_share=0.5, clock=clock)
    call(guard, meter(day=50), quota=QuotaState(day_limit=50, day_remaining=3))

    assert admitted(guard, meter(day=50), 99) == 3


def test_without_redis_a_refused_key_still_stops_the_provider(clock: FakeClock) -> None:
    guard = Guard(DownRedis(), clock=clock)
    call(guard, meter(), BadKey("no"))

    with pytest.raises(BadKey):
        guard.admit(meter(), "user")
