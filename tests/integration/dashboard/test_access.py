"""The door, as a browser and as a stranger find it."""

from __future__ import annotations

import httpx
import pytest

from tests.integration.dashboard.served import Served, login


def test_a_process_can_be_asked_whether_it_answers_without_a_login(served: Served) -> None:
    answer = served.client(logged_in=False).get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"ok": True})


@pytest.mark.parametrize("path", ["/data/health", "/data/chart/task-wait", "/data/live"])
def test_numbers_are_for_whoever_is_logged_in(served: Served, path: str) -> None:
    answer = served.client(logged_in=False).get(path)

    assert answer.status_code == 401
    assert "log in again" in answer.json()["error"]


@pytest.mark.parametrize("path", ["/loginx", "/login/x", "/metrics-of-old", "/healthz.html"])
def test_what_only_begins_like_an_open_page_is_led_to_the_form(served: Served, path: str) -> None:
    assert served.client(logged_in=False).get(path).status_code == 303
    assert served.client().get(path).status_code == 200, "the page itself says what there is not"


def test_a_stranger_is_led_to_the_form_and_from_there_to_the_page(served: Served) -> None:
    client = served.client(logged_in=False)
    asked = client.get("/tasks?range=7d")
    assert asked.status_code == 303
    assert asked.headers["Location"] == "/login?next=/tasks%3Frange%3D7d"

    entered = login(client, goal="/tasks?range=7d")

    assert (entered.status_code, entered.headers["Location"]) == (303, "/tasks?range=7d")
    assert client.get("/tasks?range=7d").status_code == 200
    cookie = entered.headers["Set-Cookie"]
    assert all(flag in cookie for flag in ("HttpOnly", "SameSite=Strict", "Path=/"))


def test_wrong_passwords_slow_the_guesser_down_but_not_for_ever(served: Served) -> None:
    client = served.client(logged_in=False)
    tries = [login(client, "wrong") for _ in range(4)]

    assert [each.status_code for each in tries] == [403, 403, 403, 429]
    assert "Name or password is wrong." in tries[0].text
    assert tries[-1].headers["Retry-After"] == "1"
    assert "Too many wrong passwords. Try again in 1 s." in tries[-1].text
    assert client.get("/", follow_redirects=False).status_code == 303


def test_a_form_that_is_not_ours_is_refused(served: Served) -> None:
    client = served.client(logged_in=False)
    fields = {"user": "operator", "password": "a password for tests", "token": "made up"}

    assert client.post("/login", data=fields).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}],
)
def test_another_sites_page_can_send_nothing(served: Served, headers: dict[str, str]) -> None:
    client = served.client()
    answer = client.post("/data/incidents/1/acknowledge", json={}, headers=headers)

    assert answer.status_code == 403


def test_a_change_needs_the_pages_token(served: Served) -> None:
    client = served.client()
    assert client.post("/data/incidents/1/acknowledge", json={}).status_code == 403


def test_leaving_ends_the_session_in_this_browser(served: Served) -> None:
    client = served.client()
    token = csrf_token(client)
    assert client.post("/logout", headers={"X-CSRF-Token": token}).json() == {"goal": "/login"}
    assert client.get("/data/health").status_code == 401


@pytest.mark.parametrize("path", ["/", "/login", "/healthz", "/data/health", "/static/none.js"])
def test_every_answer_forbids_what_a_page_does_not_need(served: Served, path: str) -> None:
    client = served.client()
    headers = client.get(path).headers

    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "Server" not in headers


def test_files_are_compressed_and_kept_for_good(served: Served) -> None:
    client = served.client()
    page = client.get("/").text
    path = page.partition('id="plotly" src="')[2].partition('"')[0]
    answer = client.get(path)

    assert answer.headers["Content-Encoding"] == "gzip"
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert b"Plotly" in answer.content


def csrf_token(client: httpx.Client) -> str:
    """What the page carries."""
    page = client.get("/").text
    return page.partition('name="csrf-token" content="')[2].partition('"')[0]
