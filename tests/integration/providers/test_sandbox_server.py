from __future__ import annotations

import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from dbsbm.sandbox.providers import ProviderSandbox, SandboxControl

ROOT = Path(__file__).resolve().parents[3]
COMMAND = [sys.executable, "-m", "dbsbm.sandbox.providers"]


@pytest.fixture
def client(sandbox: ProviderSandbox) -> Iterator[httpx.Client]:
    plain = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with httpx.Client(base_url=sandbox.url, trust_env=False, timeout=10, verify=plain) as opened:
        yield opened


def apisports(client: httpx.Client, path: str, key: str | None = "k") -> httpx.Response:
    headers = {"x-apisports-key": key} if key else {}
    return client.get(f"/apisports/v3.football.api-sports.io/{path}", headers=headers)


def test_without_a_key_the_door_stays_shut(client: httpx.Client) -> None:
    answer = apisports(client, "fixtures?date=2026-11-20", key=None)

    assert answer.status_code == 403
    assert answer.json()["errors"]["error"] == "4xHe"


def test_the_account_does_not_count_as_a_call(client: httpx.Client) -> None:
    apisports(client, "fixtures?date=2026-11-20")
    body = apisports(client, "status").json()

    assert body["response"]["requests"] == {"current": 1, "limit_day": 7500}


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("games?date=2026-11-20", "endpoint"),
        ("players", "endpoint"),
        ("fixtures", "required"),
        ("fixtures?date=soon", "date"),
        ("fixtures?date=2026-11-20&timezone=Mars/Base", "timezone"),
        ("fixtures?date=2026-11-20&page=2", "page"),
        ("teams?league=39", "required"),
    ],
)
def test_a_wrong_question_is_refused_with_http_200(
    client: httpx.Client, path: str, named: str
) -> None:
    answer = apisports(client, path)

    assert answer.status_code == 200
    assert list(answer.json()["errors"]) == [named]


def test_the_allowance_ends_with_an_error_behind_http_200(
    client: httpx.Client, control: SandboxControl
) -> None:
    control.set_quota(per_day=99, per_minute=1)
    apisports(client, "fixtures?date=2026-11-20")
    answer = apisports(client, "fixtures?date=2026-11-20")

    assert answer.status_code == 200
    assert "rateLimit" in answer.json()["errors"]
    assert answer.headers["X-RateLimit-Remaining"] == "0"


@pytest.mark.parametrize(
    "fault",
    [
        {"provider": "nasdaq", "kind": "drop"},
        {"provider": "espn", "kind": "explode"},
        {"provider": "espn", "kind": "errors_token"},
        {"provider": "espn", "kind": "slow", "seconds": "long"},
        {"provider": "espn", "kind": "drop", "count": "many"},
        [],
        7,
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(client: httpx.Client, fault: object) -> None:
    answer = client.post("/sandbox/faults", json=fault)

    assert answer.status_code == 400
    assert answer.json()["error"].endswith(".")


def test_a_fault_strikes_only_where_and_as_often_as_it_was_told(
    client: httpx.Client, control: SandboxControl
) -> None:
    control.fault("espn", "http_500", endpoint="*/nba/scoreboard", count=2)
    base = "/espn/apis/site/v2/sports/basketball/nba"
    statuses = [client.get(f"{base}/{path}").status_code for path in ("teams", *["scoreboard"] * 3)]

    assert statuses == [200, 500, 500, 200]
    assert control.calls()["fault http_500"] == 2


def test_seconds_may_stand_in_the_kind(client: httpx.Client) -> None:
    described = {"provider": "espn", "endpoint": "*", "kind": "slow:0.01", "count": 1}

    assert client.post("/sandbox/faults", json=described).status_code == 201
    assert client.get("/espn/apis/site/v2/sports/basketball/nba/teams").status_code == 200


def test_faults_and_counts_can_be_cleared(client: httpx.Client, control: SandboxControl) -> None:
    control.fault("espn", "http_500", count=9)
    control.clear_faults()
    assert client.get("/espn/apis/site/v2/sports/basketball/nba/teams").status_code == 200

    control.clear_calls()
    assert control.calls() == {}


@pytest.mark.parametrize(
    ("path", "body"), [("quota", {}), ("quota", []), ("clock", {"seconds": "x"}), ("clock", [])]
)
def test_orders_that_make_no_sense_are_refused(
    client: httpx.Client, path: str, body: object
) -> None:
    assert client.post(f"/sandbox/{path}", json=body).status_code == 400


def test_dates_that_are_none_are_refused(client: httpx.Client) -> None:
    answer = client.get("/espn/apis/site/v2/sports/basketball/nba/scoreboard?dates=tomorrow")

    assert answer.status_code == 400


def test_without_dates_the_scoreboard_shows_today(client: httpx.Client) -> None:
    body = client.get("/espn/apis/site/v2/sports/basketball/nba/scoreboard").json()

    assert body["day"] == {"date": "2026-11-20"}
    assert len(body["events"]) == 12


def test_the_program_prints_its_address_and_ends_when_told_to() -> None:
    with subprocess.Popen([*COMMAND, "--port", "0"], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        url = process.stdout.readline().decode().strip()
        with SandboxControl(url) as control:
            assert control.calls() == {}
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()

    assert url.startswith("http://127.0.0.1:")
    assert rest == b""
    assert process.returncode == 0


def test_the_program_refuses_to_be_reachable_by_others() -> None:
    done = subprocess.run(
        [*COMMAND, "--host", "0.0.0.0"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert "loopback" in done.stderr
