from __future__ import annotations

import pytest

from dbsbm.providers.errors import (
    BadAnswer,
    BadRequest,
    ProviderError,
    RateLimited,
    Unavailable,
)
from dbsbm.providers.espn import EspnDialect
from dbsbm.providers.http import HttpAnswer


def refusal(status: int, **headers: str) -> ProviderError | None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return EspnDialect().refusal(HttpAnswer(status, named, b"", 0.1), None)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (204, BadAnswer),
        (302, BadAnswer),
        (400, BadRequest),
        (404, BadRequest),
        (403, Unavailable),
        (408, Unavailable),
        (500, Unavailable),
        (503, Unavailable),
    ],
)
def test_a_status_says_what_has_to_happen(status: int, kind: type[ProviderError]) -> None:
    assert type(refusal(status)) is kind


def test_a_good_status_is_no_error() -> None:
    assert refusal(200) is None


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [("7", 7), ("", 60), ("Fri, 20 Nov 2026 19:00:00 GMT", 60), ("99999999", 3600), ("-5", 60)],
)
def test_a_wait_that_espn_asks_for_is_kept_within_reason(retry_after: str, seconds: int) -> None:
    error = refusal(429, retry_after=retry_after)

    assert isinstance(error, RateLimited)
    assert error.retry_after == seconds
