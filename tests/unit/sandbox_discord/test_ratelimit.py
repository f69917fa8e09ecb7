"""Rate limits: windows, buckets and what is announced."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dbsbm.sandbox.discord.config import Limit, RateLimits
from dbsbm.sandbox.discord.ratelimit import RateLimiter, major_parameter

MESSAGES = "/channels/{channel_id}/messages"
WEBHOOK = "/webhooks/{application_id}/{token}"
CALLBACK = "/interactions/{interaction_id}/{token}/callback"


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_window_starts_with_its_first_request_and_then_opens_anew():
    clock = Clock()
    limiter = RateLimiter(RateLimits(), clock)
    verdicts = [limiter.take("POST", MESSAGES, "1") for _ in range(6)]
    clock.now += 4.9
    still = limiter.take("POST", MESSAGES, "1")
    clock.now += 0.1
    again = limiter.take("POST", MESSAGES, "1")

    remaining = [v.headers["X-RateLimit-Remaining"] for v in verdicts]
    assert remaining == ["4", "3", "2", "1", "0", "0"]
    assert [v.retry_after is None for v in verdicts] == [True] * 5 + [False]
    assert verdicts[5].headers["Retry-After"] == "5"
    assert round(still.retry_after, 3) == 0.1
    assert again.retry_after is None


def test_channels_and_tokens_have_buckets_of_their_own():
    limiter = RateLimiter(RateLimits(create_message=Limit(1, 5), webhook=Limit(1, 5)), Clock())

    assert limiter.take("POST", MESSAGES, "1").retry_after is None
    assert limiter.take("POST", MESSAGES, "2").retry_after is None
    assert limiter.take("POST", MESSAGES, "1").retry_after == 5
    assert limiter.take("PATCH", WEBHOOK, "a").retry_after is None
    assert limiter.take("PATCH", WEBHOOK, "b").retry_after is None
    assert limiter.take("POST", WEBHOOK, "a").retry_after == 5


def test_first_answers_are_never_limited():
    limiter = RateLimiter(RateLimits(everything=Limit(1, 60), webhook=Limit(1, 60)), Clock())

    verdicts = [limiter.take("POST", CALLBACK, "t") for _ in range(100)]

    assert all(v.retry_after is None and v.headers == {} for v in verdicts)


def test_the_limit_over_all_routes_is_announced_as_global():
    limiter = RateLimiter(RateLimits(everything=Limit(2, 1)), Clock())
    for _ in range(2):
        limiter.take("GET", "/users/@me", "")

    refused = limiter.take("GET", "/gateway", "")

    assert refused.headers["X-RateLimit-Scope"] == "global"
    assert refused.headers["X-RateLimit-Global"] == "true"
    assert refused.body() == {
        "message": "You are being rate limited.",
        "retry_after": 1.0,
        "global": True,
    }


@given(st.lists(st.floats(0, 3), max_size=60), st.integers(1, 5))
def test_no_window_ever_lets_more_through_than_its_limit(pauses, allowed):
    clock = Clock()
    limiter = RateLimiter(RateLimits(create_message=Limit(allowed, 5)), clock)
    passed: list[float] = []
    opened = -100.0
    for pause in pauses:
        clock.now += pause
        if clock.now >= opened + 5:
            opened, passed = clock.now, []
        if limiter.take("POST", MESSAGES, "1").retry_after is None:
            passed.append(clock.now)
        assert len(passed) <= allowed


def test_lifted_limits_say_nothing():
    limiter = RateLimiter(RateLimits(enabled=False, everything=Limit(1, 60)), Clock())

    assert [limiter.take("GET", "/gateway", "").headers for _ in range(3)] == [{}] * 3


def test_old_windows_are_forgotten():
    clock = Clock()
    limiter = RateLimiter(RateLimits(), clock)
    for token in range(10_000):
        clock.now += 0.01
        limiter.take("POST", WEBHOOK, str(token))

    assert len(limiter._windows) < 5_000


def test_the_major_parameter_is_what_a_bucket_is_separate_for():
    assert major_parameter({"channel_id": "1", "message_id": "2"}) == "1"
    assert major_parameter({"application_id": "1", "token": "t"}) == "t"
    assert major_parameter({"user_id": "1"}) == ""
