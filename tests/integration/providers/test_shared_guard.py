from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import date

import pytest
import redis

from dbsbm.providers.errors import QuotaExhausted
from dbsbm.providers.guard import Guard, Limits, Meter
from dbsbm.providers.guard import guard as guard_module
from dbsbm.sandbox.providers import ProviderSandbox, SandboxControl
from tests.integration.providers.conftest import Fleet
from tests.integration.providers.fleet_process import outcome, spend
from tests.servers import ValkeyServer

HOCKEY = "apisports v1.hockey.api-sports.io/games"
METER = Meter("espn", "espn", "none", Limits(day_cap=40))


@pytest.fixture(scope="module")
def workers() -> Iterator[ProcessPoolExecutor]:
    """Two processes as fresh as a worker's."""
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


@pytest.fixture
def fragile_client(valkey_cache: ValkeyServer) -> redis.Redis:
    """A client that gives up quickly, as the fleet's does."""
    return valkey_cache.client(socket_timeout=0.2, socket_connect_timeout=0.2, retry=None)


def test_two_processes_never_spend_more_than_one_budget(
    valkey_cache: ValkeyServer,
    workers: ProcessPoolExecutor,
    sandbox: ProviderSandbox,
    control: SandboxControl,
) -> None:
    jobs = [
        workers.submit(spend, valkey_cache.port, sandbox.url, daily_limit=30, calls=40)
        for _ in range(2)
    ]
    outcomes = Counter(word for job in jobs for word in job.result(60))

    assert outcomes == {"ok": 30, "quota": 50}
    assert control.calls()[HOCKEY] == 30


def test_a_key_that_one_process_saw_refused_stops_the_other(
    valkey_cache: ValkeyServer,
    workers: ProcessPoolExecutor,
    sandbox: ProviderSandbox,
    control: SandboxControl,
) -> None:
    control.fault("apisports", "errors_token")

    outcomes = [
        workers.submit(outcome, valkey_cache.port, sandbox.url).result(60) for _ in range(4)
    ]

    assert outcomes == ["bad_key"] * 4
    assert control.calls()[HOCKEY] == 1


def test_a_breaker_that_one_process_opened_holds_the_other_back(
    valkey_cache: ValkeyServer,
    workers: ProcessPoolExecutor,
    sandbox: ProviderSandbox,
    control: SandboxControl,
) -> None:
    control.fault("apisports", "http_500", count=99)

    for _ in range(3):
        jobs = [workers.submit(outcome, valkey_cache.port, sandbox.url) for _ in range(2)]
        assert {job.result(60) for job in jobs} == {"unavailable"}

    # The third failure opens it; a call that was already under way may be the fourth.
    assert 3 <= control.calls()[HOCKEY] <= 4


def test_a_second_guard_sees_what_the_first_one_spent(valkey_cache: ValkeyServer) -> None:
    one, other = Guard(valkey_cache.client()), Guard(valkey_cache.client())
    for _ in range(20):
        one.settle(one.admit(METER, "user"), None, None)
        other.settle(other.admit(METER, "user"), None, None)

    for guard in (one, other):
        with pytest.raises(QuotaExhausted):
            guard.admit(METER, "user")


def spent_alone(guard: Guard, meter: Meter = METER) -> int:
    """How many calls pass until the guard refuses one."""
    for number in range(100):
        try:
            guard.settle(guard.admit(meter, "user"), None, None)
        except QuotaExhausted:
            return number
    raise AssertionError("the guard never refused")


@pytest.mark.parametrize("trouble", ["killed", "frozen"])
def test_without_valkey_a_process_goes_on_with_its_own_small_share(
    valkey_cache: ValkeyServer, fragile_client: redis.Redis, trouble: str
) -> None:
    guard = Guard(fragile_client, degraded_share=0.25)
    guard.settle(guard.admit(METER, "user"), None, None)

    valkey_cache.kill() if trouble == "killed" else valkey_cache.freeze()

    assert spent_alone(guard) == 10


def test_when_valkey_is_back_the_budget_is_shared_again(
    valkey_cache: ValkeyServer, fragile_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard_module, "_REDIS_PAUSE", 0.0)
    guard = Guard(fragile_client, degraded_share=0.25)
    valkey_cache.kill()
    assert spent_alone(guard) == 10

    valkey_cache.start()

    # A new server counts from nothing; the provider's headers would correct it.
    assert spent_alone(guard) == 40


def test_an_answer_of_valkey_that_is_an_error_does_not_stop_a_call(
    valkey_cache: ValkeyServer, caplog: pytest.LogCaptureFixture
) -> None:
    client = valkey_cache.client()
    client.set("dbsbm:provider:{espn}:espn:breaker", "not a hash")

    guard = Guard(client)
    guard.settle(guard.admit(METER, "user"), None, None)

    assert "out of reach (ResponseError)" in caplog.text


def test_the_fleet_gets_games_while_valkey_is_down(
    valkey_cache: ValkeyServer, fragile_client: redis.Redis, fleet: Fleet
) -> None:
    fleet.guard = Guard(fragile_client)
    valkey_cache.kill()

    with fleet.build() as providers:
        assert providers["espn"].games("nba", date(2026, 11, 20)).rows


def test_headers_that_one_guard_read_bind_the_other(
    valkey_cache: ValkeyServer, fleet: Fleet, control: SandboxControl
) -> None:
    control.set_quota(per_day=10, per_minute=99)
    fleet.guard = Guard(valkey_cache.client())
    with fleet.build() as providers:
        providers["apisports"].games("nhl", date(2026, 11, 20), with_odds=False)

    other = Guard(valkey_cache.client())
    credential = providers["apisports"]._credential  # type: ignore[attr-defined]
    meter = Meter("apisports", "apisports:hockey", credential, Limits(day_cap=7500))

    assert spent_alone(other, meter) == 9
