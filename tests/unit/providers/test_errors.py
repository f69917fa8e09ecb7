from __future__ import annotations

import pickle
from datetime import UTC, datetime

import pytest

from dbsbm.providers import errors
from dbsbm.providers.errors import ProviderError, QuotaExhausted

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, ProviderError)
]


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_survives_the_way_between_two_processes(kind: type[ProviderError]) -> None:
    error = kind("It went wrong.", provider="espn", retry_after=4.5)

    again = pickle.loads(pickle.dumps(error))

    assert type(again) is kind
    assert (str(again), again.provider, again.retry_after) == ("It went wrong.", "espn", 4.5)


def test_the_moment_of_renewal_survives_too() -> None:
    reset = datetime(2026, 11, 21, tzinfo=UTC)

    assert pickle.loads(pickle.dumps(QuotaExhausted("No.", reset_at=reset))).reset_at == reset


@pytest.mark.parametrize("kind", KINDS)
def test_members_read_a_sentence_that_says_what_to_do(kind: type[ProviderError]) -> None:
    sentence = kind.member_sentence

    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert not any(word in sentence for word in ("HTTP", "JSON", "API", "espn", "Redis"))


def test_every_outcome_has_its_own_word_and_sentence() -> None:
    assert len({kind.outcome for kind in KINDS}) == len(KINDS)
    assert len({kind.member_sentence for kind in KINDS}) == len(KINDS)
