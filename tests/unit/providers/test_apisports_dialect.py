from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from dbsbm.errors import ConfigError, PermanentError, TransientError
from dbsbm.providers.apisports.dialect import ApiSportsDialect
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
from dbsbm.providers.http import HttpAnswer
from dbsbm.providers.model import QuotaState
from dbsbm.providers.redact import Redactor

KEY = "5ec7e75ec7e75ec7e75ec7e75ec7e75e"
NOW = datetime(2026, 11, 20, 22, 59, 45, tzinfo=UTC)
DIALECT = ApiSportsDialect(Redactor(SecretStr(KEY)), now=lambda: NOW)


def refusal(
    errors: Any, *, status: int = 200, headers: dict[str, str] | None = None
) -> ProviderError | None:
    answer = HttpAnswer(status, headers or {}, b"", 0.1)
    return DIALECT.refusal(answer, {"errors": errors, "response": []})


@pytest.mark.parametrize("errors", [[], {}, None])
def test_every_way_to_say_no_error_is_none(errors: Any) -> None:
    assert refusal(errors) is None


@pytest.mark.parametrize(
    ("errors", "kind", "family"),
    [
        ({"token": "Error/Missing application key."}, BadKey, ConfigError),
        ({"access": "Your account is suspended."}, BadKey, ConfigError),
        ({"requests": "You have reached the request limit."}, QuotaExhausted, TransientError),
        ({"rateLimit": "Too many requests."}, RateLimited, TransientError),
        ({"plan": "Free plans do not have access."}, PlanDenied, PermanentError),
        ({"season": "The Season field is required."}, BadRequest, PermanentError),
        ({"endpoint": "This endpoint do not exist."}, BadRequest, PermanentError),
        ({"bug": "This is on our side."}, Unavailable, TransientError),
        ([{"rateLimit": "Too many requests."}], RateLimited, TransientError),
        (["Something is wrong."], BadRequest, PermanentError),
    ],
)
def test_errors_behind_http_200_are_told_apart(
    errors: Any, kind: type[ProviderError], family: type[Exception]
) -> None:
    error = refusal(errors)

    assert type(error) is kind
    assert isinstance(error, family)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (204, BadAnswer),
        (302, BadAnswer),
        (401, BadKey),
        (403, BadKey),
        (404, BadRequest),
        (429, RateLimited),
        (499, Unavailable),
        (500, Unavailable),
        (503, Unavailable),
    ],
)
def test_a_status_without_errors_speaks_for_itself(status: int, kind: type[ProviderError]) -> None:
    assert type(refusal([], status=status)) is kind


def test_too_many_requests_with_an_empty_day_means_the_day() -> None:
    empty = {"x-ratelimit-requests-remaining": "0"}

    assert type(refusal([], status=429, headers=empty)) is QuotaExhausted


def test_the_day_is_renewed_at_midnight_utc() -> None:
    error = refusal({"requests": "limit"})

    assert isinstance(error, QuotaExhausted)
    assert error.reset_at == datetime(2026, 11, 21, tzinfo=UTC)
    assert error.retry_after == 3615


def test_the_minute_is_renewed_at_the_next_minute() -> None:
    error = refusal({"rateLimit": "limit"})

    assert error is not None
    assert error.retry_after == 15


def test_both_families_of_headers_are_read() -> None:
    headers = {
        "x-ratelimit-requests-limit": "100",
        "x-ratelimit-requests-remaining": "99",
        "x-ratelimit-limit": "10",
        "x-ratelimit-remaining": "9",
    }

    assert DIALECT.quota(headers) == QuotaState(100, 99, 10, 9)
    assert DIALECT.quota({}) is None
    assert DIALECT.quota({"x-ratelimit-limit": "ten"}) is None


def test_a_key_that_the_provider_repeats_does_not_reach_the_error() -> None:
    error = refusal({"token": f"The key {KEY} is wrong, see /?apiKey={KEY}x"})

    assert KEY not in str(error)
    assert "***" in str(error)


def test_the_provider_cannot_flood_the_log() -> None:
    assert len(str(refusal({"plan": "word \n" * 1000}))) < 300
