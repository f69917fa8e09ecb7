from __future__ import annotations

import contextlib
import logging
import socket
import threading
import traceback
from datetime import date

import pytest

from dbsbm.errors import ConfigError, PermanentError, TransientError
from dbsbm.providers.errors import (
    BadAnswer,
    BadKey,
    PlanDenied,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    Unavailable,
)
from dbsbm.providers.guard import BreakerPolicy, Guard
from dbsbm.providers.http import Transport
from dbsbm.providers.registry import Registry, build_registry
from dbsbm.sandbox.providers import ProviderSandbox, SandboxControl
from dbsbm.sandbox.providers.faults import KINDS, FaultKind
from tests.integration.providers.conftest import KEY, Fleet

DAY = date(2026, 11, 20)
SHORT = 0.4
"""Deadline in seconds for the failures that are about time."""

ON_EITHER: dict[FaultKind, type[ProviderError]] = {
    "http_500": Unavailable,
    "http_429": RateLimited,
    "slow": Unavailable,
    "drip": Unavailable,
    "drop": Unavailable,
    "truncated": BadAnswer,
    "html": BadAnswer,
    "empty": BadAnswer,
}
ON_ESPN: dict[FaultKind, type[ProviderError]] = {**ON_EITHER, "http_403": Unavailable}
ON_APISPORTS: dict[FaultKind, type[ProviderError]] = {
    **ON_EITHER,
    "http_403": BadKey,
    "errors_token": BadKey,
    "errors_access": BadKey,
    "errors_requests": QuotaExhausted,
    "errors_rate": RateLimited,
    "errors_plan": PlanDenied,
}
SENTENCES = {
    Unavailable: "not answering",
    RateLimited: "try again in a minute",
    BadAnswer: "unreadable",
    BadKey: "not set up correctly",
    QuotaExhausted: "after 00:00 UTC",
    PlanDenied: "not included",
}
FAMILIES = {BadKey: ConfigError, PlanDenied: PermanentError}


def test_every_failure_of_the_sandbox_is_tried_here() -> None:
    assert ON_ESPN.keys() | ON_APISPORTS.keys() == set(KINDS)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("espn", kind) for kind in ON_ESPN] + [("apisports", kind) for kind in ON_APISPORTS],
)
def test_every_failure_becomes_its_error_and_then_passes(
    fleet: Fleet, control: SandboxControl, name: str, kind: FaultKind
) -> None:
    expected = (ON_ESPN if name == "espn" else ON_APISPORTS)[kind]
    pause = {"slow": 2.0, "drip": 0.02}.get(kind, 0.0)
    control.fault(name, kind, seconds=pause)  # type: ignore[arg-type]

    with fleet.build(deadline=SHORT) as providers, pytest.raises(ProviderError) as caught:
        providers[name].games("epl", DAY, with_odds=False)

    error = caught.value
    assert type(error) is expected
    assert isinstance(error, FAMILIES.get(expected, TransientError))
    assert SENTENCES[expected] in error.member_sentence
    [record] = fleet.records
    assert (record.outcome, record.sent, record.cost) == (expected.outcome, True, 1)
    # The sandbox is well again; a fleet whose guard remembers nothing gets its games.
    with Fleet(fleet.sandbox).build() as providers:
        assert providers[name].games("epl", DAY, with_odds=False).rows


@pytest.mark.parametrize(
    ("kind", "refused"),
    [
        ("errors_token", BadKey),
        ("errors_requests", QuotaExhausted),
        ("errors_rate", RateLimited),
        ("errors_plan", PlanDenied),
    ],
)
def test_what_the_provider_refused_is_not_asked_again(
    providers: Registry, control: SandboxControl, kind: FaultKind, refused: type[ProviderError]
) -> None:
    control.fault("apisports", kind)
    for _ in range(3):
        with pytest.raises(refused):
            providers["apisports"].games("epl", DAY, with_odds=False)

    assert control.calls()["apisports v3.football.api-sports.io/fixtures"] == 1


def test_a_provider_that_keeps_failing_is_left_alone_and_then_probed(
    fleet: Fleet, control: SandboxControl
) -> None:
    now = 1_795_176_000.0
    fleet.guard = Guard(None, clock=lambda: now, breaker=BreakerPolicy(first_seconds=5))
    control.fault("espn", "http_500", count=3)

    with fleet.build() as providers:
        for _ in range(6):
            with pytest.raises(Unavailable):
                providers["espn"].games("nba", DAY)
        assert control.calls()["espn basketball/nba/scoreboard"] == 3
        assert [record.sent for record in fleet.records] == [True] * 3 + [False] * 3

        now += 5
        assert providers["espn"].games("nba", DAY).rows


def test_games_without_odds_are_better_than_no_games(
    providers: Registry, control: SandboxControl
) -> None:
    control.fault("apisports", "errors_plan", endpoint="*/odds")

    fetched = providers["apisports"].games("epl", DAY)

    assert any(game.status == "scheduled" for game in fetched.rows)
    assert all(game.odds == () for game in fetched.rows)
    [gap] = fetched.gaps
    assert gap.startswith("Odds of epl are incomplete: The API-Sports plan does not cover this")


def test_a_sport_that_fails_leaves_a_gap_among_the_leagues(
    providers: Registry, control: SandboxControl
) -> None:
    control.fault("apisports", "http_500", endpoint="v1.hockey*/leagues")

    fetched = providers["apisports"].leagues()

    assert "nhl" not in {row.key for row in fetched.rows}
    assert "nba" in {row.key for row in fetched.rows}
    assert len(fetched.gaps) == 1


def test_leagues_fail_only_when_every_sport_does(
    providers: Registry, control: SandboxControl
) -> None:
    control.fault("apisports", "http_500", endpoint="*/leagues", count=5)

    with pytest.raises(Unavailable):
        providers["apisports"].leagues()


def test_the_days_allowance_of_the_provider_ends_the_day(
    providers: Registry, control: SandboxControl
) -> None:
    control.set_quota(per_day=3, per_minute=99)
    days = [date(2026, 11, day) for day in (18, 19, 20, 21, 22)]
    outcomes = []
    for day in days:
        try:
            providers["apisports"].games("nhl", day, with_odds=False)
            outcomes.append("ok")
        except QuotaExhausted:
            outcomes.append("quota")

    # After three answers the headers say that nothing is left: the fourth is not even asked.
    assert outcomes == ["ok", "ok", "ok", "quota", "quota"]
    assert control.calls()["apisports v1.hockey.api-sports.io/games"] == 3


def test_a_host_that_is_not_there_is_unavailable() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (
        build_registry(
            ("espn",),
            guard=Guard(None),
            espn_base_url=f"http://127.0.0.1:{port}",
            apisports_base_url="https://{host}",
        ) as providers,
        pytest.raises(Unavailable, match="No working connection to espn"),
    ):
        providers["espn"].games("nba", DAY)


def test_a_body_without_end_is_dropped(sandbox: ProviderSandbox) -> None:
    transport = Transport(max_body=2048)
    url = f"{sandbox.espn_url}/apis/site/v2/sports/basketball/nba/scoreboard"
    with pytest.raises(BadAnswer, match="more than 2 KiB"):
        transport.get(url, params={}, headers={}, provider="espn")
    transport.close()


def trickle(listener: socket.socket, done: threading.Event) -> None:
    """Send a header that never ends, one byte at a time."""
    connection, _ = listener.accept()
    with connection, contextlib.suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 OK\r\nx-padding: ")
        while not done.wait(0.02):
            connection.sendall(b"a")


def test_a_header_that_trickles_in_ends_with_the_deadline() -> None:
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=trickle, args=(listener, done))
        server.start()
        transport = Transport(deadline_seconds=SHORT)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        with pytest.raises(Unavailable, match=r"did not answer within 0\.4 s"):
            transport.get(url, params={}, headers={}, provider="espn")
        transport.close()
        done.set()
        server.join()


def every_word(error: BaseException) -> str:
    """All that a log, a crash report or a debugger could show of an error."""
    frames = traceback.TracebackException.from_exception(error, capture_locals=False)
    chained = f"{error.__cause__!r} {error.__context__!r}"
    return "".join(frames.format()) + repr(error) + repr(vars(error)) + chained


@pytest.mark.parametrize("kind", ON_APISPORTS)
def test_the_key_is_in_no_log_no_error_and_no_record(
    fleet: Fleet, control: SandboxControl, caplog: pytest.LogCaptureFixture, kind: FaultKind
) -> None:
    control.fault("apisports", kind, seconds=2.0 if kind == "slow" else 0.02)

    with caplog.at_level(logging.DEBUG), fleet.build(deadline=SHORT) as providers:
        caplog.handler.setLevel(logging.DEBUG)
        with pytest.raises(ProviderError) as caught:
            providers["apisports"].games("epl", DAY, with_odds=False)
        shown = [repr(providers["apisports"]), repr(vars(providers["apisports"]))]

    records = [str(vars(record)) for record in caplog.records]
    assert caplog.records
    for words in (caplog.text, every_word(caught.value), repr(fleet.records), *shown, *records):
        assert KEY not in words
    # The client's own error would carry the request and its headers along.
    assert caught.value.__context__ is None


def test_urls_are_not_logged(providers: Registry, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        providers["espn"].games("nba", DAY)
        providers["apisports"].games("nba", DAY)

    assert "http://" not in caplog.text
    assert {record.name.partition(".")[0] for record in caplog.records} == {"dbsbm"}
