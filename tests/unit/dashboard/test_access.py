"""Who may come in, and who may not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from dbsbm.dashboard.access.login import _safe_path
from dbsbm.dashboard.access.operator import Operator
from dbsbm.dashboard.access.sessions import FORM_LIFETIME, LIFETIME, Sessions
from dbsbm.dashboard.access.throttle import FREE_TRIES, LONGEST_WAIT, Throttle

KEY, PASSWORD = SecretStr("k" * 40), SecretStr("a password")
SESSIONS = Sessions(KEY, PASSWORD)


def test_a_session_is_read_back_until_it_ends() -> None:
    held, cookie = SESSIONS.issue("session", 1000.0)

    assert SESSIONS.read(cookie, "session", 1000.0) == held
    assert SESSIONS.read(cookie, "session", 1000.0 + LIFETIME - 1) == held
    assert SESSIONS.read(cookie, "session", 1000.0 + LIFETIME) is None


def test_a_forms_pass_is_no_session() -> None:
    _, cookie = SESSIONS.issue("form", 0.0)

    assert SESSIONS.read(cookie, "form", FORM_LIFETIME - 1) is not None
    assert SESSIONS.read(cookie, "session", 0.0) is None


@pytest.mark.parametrize(
    "other", [Sessions(SecretStr("o" * 40), PASSWORD), Sessions(KEY, SecretStr("new password"))]
)
def test_another_key_or_a_new_password_ends_every_session(other: Sessions) -> None:
    held, cookie = SESSIONS.issue("session", 0.0)

    assert other.read(cookie, "session", 0.0) is None
    assert not other.is_csrf_token(held, SESSIONS.csrf_token(held))


@given(st.text(), st.integers(0, 200), st.characters())
def test_what_was_not_signed_here_is_no_session(junk: str, place: int, letter: str) -> None:
    _, cookie = SESSIONS.issue("session", 0.0)
    changed = cookie[:place] + letter + cookie[place + 1 :]

    assert SESSIONS.read(junk, "session", 0.0) is None
    assert changed == cookie or SESSIONS.read(changed, "session", 0.0) is None


def test_a_token_belongs_to_one_session() -> None:
    mine, _ = SESSIONS.issue("session", 0.0)
    yours, _ = SESSIONS.issue("session", 0.0)

    assert SESSIONS.is_csrf_token(mine, SESSIONS.csrf_token(mine))
    assert not SESSIONS.is_csrf_token(mine, SESSIONS.csrf_token(yours))
    assert not SESSIONS.is_csrf_token(mine, "")


def test_name_and_password_must_both_be_right() -> None:
    operator = Operator("operator", PASSWORD)

    assert operator.is_me("operator", "a password")
    assert not operator.is_me("operator", "another")
    assert not operator.is_me("someone", "a password")
    assert not operator.is_me("operator", "\udcff")
    assert PASSWORD.get_secret_value() not in repr(operator)


def test_each_failure_doubles_the_wait_up_to_a_minute() -> None:
    throttle, waits = Throttle(), []
    for _ in range(FREE_TRIES + 8):
        waits.append(throttle.wait("here", 0.0))
        throttle.failed("here", 0.0)

    assert waits[: FREE_TRIES + 4] == [0.0] * FREE_TRIES + [1.0, 2.0, 4.0, 8.0]
    assert throttle.wait("here", 0.0) == LONGEST_WAIT
    assert throttle.wait("elsewhere", 0.0) == 0.0


def test_waiting_and_a_good_login_end_the_wait() -> None:
    throttle = Throttle()
    for _ in range(FREE_TRIES):
        throttle.failed("here", 100.0)

    assert throttle.wait("here", 100.5) == 0.5
    assert throttle.wait("here", 101.0) == 0.0
    throttle.succeeded("here")
    assert throttle.wait("here", 100.0) == 0.0


def test_guessers_from_everywhere_do_not_fill_the_memory() -> None:
    throttle = Throttle()
    for number in range(5000):
        throttle.failed(str(number), 0.0)

    assert len(throttle._tries) <= 1024


@pytest.mark.parametrize("goal", ["/", "/tasks?range=7d", "/queries/a%2Fb"])
def test_a_login_leads_to_the_page_that_was_asked_for(goal: str) -> None:
    assert _safe_path(goal) == goal


@pytest.mark.parametrize(
    "goal",
    ["//evil.example/", "https://evil.example/", "/\\evil.example", "\\\\evil", "tasks", "", "/\n"],
)
def test_a_login_leads_nowhere_else(goal: str) -> None:
    assert _safe_path(goal) == "/"
