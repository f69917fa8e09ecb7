"""What every ledger must do, on the one in memory and on the one in a real Valkey."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from dbsbm.providers.guard.ledger import Clock, Ledger, Reservation, Verdict, Window
from dbsbm.providers.guard.limits import BreakerPolicy
from dbsbm.providers.guard.local import LocalLedger
from dbsbm.providers.guard.shared import SharedLedger
from dbsbm.providers.model import QuotaState
from tests.servers import ValkeyServer

POLICY = BreakerPolicy(threshold=2, first_seconds=10, longest_seconds=40, probe_seconds=5)
START = 1_795_176_000.0


class Moment:
    """A clock that only a test moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def moment() -> Moment:
    return Moment()


@pytest.fixture(params=["local", "shared", "shared in text"])
def ledger(request: pytest.FixtureRequest, moment: Moment) -> Ledger:
    if request.param == "local":
        return LocalLedger(clock=moment)
    server: ValkeyServer = request.getfixturevalue("valkey_cache")
    client = server.client(decode_responses=request.param == "shared in text")
    return SharedLedger(client, "test", moment)


@pytest.fixture
def wish(moment: Moment) -> Callable[..., Reservation]:
    def make(
        *, day: int | None = None, minute: int | None = None, usable: float = 1.0
    ) -> Reservation:
        return Reservation(
            scope="p:s",
            now=moment.now,
            holds=("p:key:k", "p:s"),
            day=_window("day", 100, moment.now, day),
            minute=_window("minute", 10, moment.now, minute),
            usable=usable,
        )

    return make


Wish = Callable[..., Reservation]


def _window(name: str, seconds: int, now: float, limit: int | None) -> Window:
    number = int(now // seconds)
    return Window(f"p:s:{name}:{number}", limit, float((number + 1) * seconds))


def passes(ledger: Ledger, wish: Reservation, tries: int = 20) -> int:
    return sum(ledger.reserve(wish, POLICY).refusal is None for _ in range(tries))


def test_no_more_calls_pass_than_the_limit(ledger: Ledger, wish: Wish) -> None:
    assert passes(ledger, wish(day=3, minute=9)) == 3
    assert ledger.reserve(wish(day=3, minute=9), POLICY) == Verdict("day", START + 100)


def test_a_refused_call_counts_nothing(ledger: Ledger, wish: Wish) -> None:
    assert passes(ledger, wish(day=9, minute=2)) == 2
    # The minute refused eighteen calls; none of them may have been charged to the day.
    assert passes(ledger, wish(day=9, minute=99)) == 7


def test_a_share_leaves_the_rest_to_others(ledger: Ledger, wish: Wish) -> None:
    assert passes(ledger, wish(day=10, usable=0.7)) == 7
    assert passes(ledger, wish(day=10)) == 3


def test_without_a_limit_every_call_passes(ledger: Ledger, wish: Wish) -> None:
    assert passes(ledger, wish()) == 20


def test_a_new_window_is_empty(ledger: Ledger, wish: Wish, moment: Moment) -> None:
    assert passes(ledger, wish(minute=2)) == 2
    moment.now += 10
    assert passes(ledger, wish(minute=2)) == 2


def test_the_lower_daily_limit_and_the_learnt_one_of_a_minute_count(
    ledger: Ledger, wish: Wish
) -> None:
    ledger.answered(wish(), QuotaState(day_limit=5, minute_limit=9))

    assert passes(ledger, wish(day=8, minute=2)) == 5
    assert ledger.reserve(wish(day=8, minute=2), POLICY).refusal == "day"


def test_what_one_answer_does_not_say_an_earlier_one_did(ledger: Ledger, wish: Wish) -> None:
    ledger.answered(wish(), QuotaState(day_limit=5))
    ledger.answered(wish(), QuotaState(minute_limit=3))

    assert passes(ledger, wish()) == 3
    assert ledger.reserve(wish(), POLICY).refusal == "minute"


def test_a_remainder_raises_the_count_and_never_lowers_it(ledger: Ledger, wish: Wish) -> None:
    assert passes(ledger, wish(day=10), 4) == 4
    ledger.answered(wish(), QuotaState(day_limit=10, day_remaining=2))
    ledger.answered(wish(), QuotaState(day_limit=10, day_remaining=9))

    assert passes(ledger, wish(day=10)) == 2


def test_a_limit_of_nothing_lets_nothing_pass(ledger: Ledger, wish: Wish) -> None:
    ledger.answered(wish(), QuotaState(day_limit=0, day_remaining=0))

    assert passes(ledger, wish(day=10)) == 0


def test_a_hold_forbids_until_its_moment(ledger: Ledger, wish: Wish, moment: Moment) -> None:
    ledger.hold("p:s", "rate", START + 7.5)

    assert ledger.reserve(wish(), POLICY) == Verdict("rate", START + 7.5)
    moment.now += 7.5
    assert ledger.reserve(wish(), POLICY).refusal is None


def test_a_hold_on_another_name_forbids_nothing(ledger: Ledger, wish: Wish) -> None:
    ledger.hold("p:other", "quota", START + 99)

    assert ledger.reserve(wish(), POLICY).refusal is None


def test_a_later_hold_replaces_the_earlier_one(ledger: Ledger, wish: Wish) -> None:
    ledger.hold("p:s", "rate", START + 5)
    ledger.hold("p:s", "quota", START + 50)

    assert ledger.reserve(wish(), POLICY) == Verdict("quota", START + 50)


def test_the_breaker_opens_doubles_and_stays_within_its_longest_wait(
    ledger: Ledger, wish: Wish, moment: Moment
) -> None:
    waits = [ledger.failed(wish(), POLICY)]
    for _ in range(5):
        waits.append(ledger.failed(wish(), POLICY))
        moment.now += waits[-1]

    assert waits == [0, 10, 20, 40, 40, 40]


def test_an_open_breaker_says_until_when(ledger: Ledger, wish: Wish) -> None:
    ledger.failed(wish(), POLICY)
    ledger.failed(wish(), POLICY)

    assert ledger.reserve(wish(), POLICY) == Verdict("failing", START + 10)


def test_failures_while_it_is_open_do_not_count(ledger: Ledger, wish: Wish, moment: Moment) -> None:
    ledger.failed(wish(), POLICY)
    ledger.failed(wish(), POLICY)
    moment.now += 4

    assert ledger.failed(wish(), POLICY) == pytest.approx(6)


def test_one_probe_passes_and_its_success_closes(
    ledger: Ledger, wish: Wish, moment: Moment
) -> None:
    ledger.failed(wish(), POLICY)
    ledger.failed(wish(), POLICY)
    moment.now += 10

    assert passes(ledger, wish()) == 1
    assert ledger.reserve(wish(), POLICY) == Verdict("failing", moment.now + 5)
    ledger.answered(wish(), None)
    assert passes(ledger, wish()) == 20


def test_old_failures_are_forgotten(ledger: Ledger, wish: Wish, moment: Moment) -> None:
    if isinstance(ledger, SharedLedger):
        # Redis forgets by its own clock: the key's time to live is the memory.
        ledger.failed(wish(), replace(POLICY, forget_seconds=900))
        [key] = ledger._client.keys("test:*breaker*")
        assert 890 <= ledger._client.ttl(key) <= 900
        return
    ledger.failed(wish(), POLICY)
    moment.now += 901
    assert ledger.failed(wish(), POLICY) == 0


def test_everything_in_redis_expires(valkey_cache: ValkeyServer, wish: Wish) -> None:
    client = valkey_cache.client(decode_responses=True)
    ledger = SharedLedger(client, "test", Moment())
    ledger.reserve(wish(day=5, minute=5), POLICY)
    ledger.answered(wish(), QuotaState(5, 4, 5, 4))
    ledger.failed(wish(), POLICY)
    ledger.hold("p:s", "quota", START + 50)

    keys = client.keys("*")

    assert len(keys) == 5
    assert all(0 < client.ttl(key) <= 2 * 86_400 for key in keys)
    # One hash tag for all, so that the scripts run on a cluster too.
    assert all("{p}" in key for key in keys)


def test_the_shared_clock_is_redis_own(valkey_cache: ValkeyServer) -> None:
    client = valkey_cache.client()
    clock: Clock = SharedLedger(client, "test").now
    before, now, after = client.time(), clock(), client.time()

    assert before[0] + before[1] / 1e6 <= now <= after[0] + after[1] / 1e6
