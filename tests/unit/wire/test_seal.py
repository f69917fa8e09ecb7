"""Tokens travel sealed: unreadable, unforgeable, and openable by the same fleet alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from dbsbm.errors import PermanentError
from dbsbm.wire.seal import Sealer

KEY = "0123456789abcdef0123456789abcdef"
TOKEN = "aW50ZXJhY3Rpb246MTIzNDU2Nzg5"


def sealer(key: str = KEY) -> Sealer:
    return Sealer(SecretStr(key))


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_sealed_opens_with_the_same_key(text: str) -> None:
    assert sealer().open(sealer().seal(text)).get_secret_value() == text


def test_a_sealed_token_does_not_show_and_never_looks_the_same_twice() -> None:
    sealed = [sealer().seal(TOKEN) for _ in range(20)]

    assert len(set(sealed)) == 20
    assert not any(TOKEN in text for text in sealed)


def test_an_opened_token_does_not_show_in_a_repr() -> None:
    assert TOKEN not in repr(sealer().open(sealer().seal(TOKEN)))


@given(st.data())
@settings(max_examples=60)
def test_a_sealed_token_that_was_changed_does_not_open(data: st.DataObject) -> None:
    sealed = sealer().seal(TOKEN)
    # The last characters hold bits that base64 ignores.
    place = data.draw(st.integers(0, len(sealed) - 5))
    other = data.draw(st.sampled_from("ABCabc123-_").filter(lambda c: c != sealed[place]))

    with pytest.raises(PermanentError) as caught:
        sealer().open(sealed[:place] + other + sealed[place + 1 :])
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("text", ["", "nonsense", "gAAAAA==", TOKEN, "é"])
def test_what_was_never_sealed_does_not_open(text: str) -> None:
    with pytest.raises(PermanentError, match="SECRET_KEY differs between bot and workers"):
        sealer().open(text)


@pytest.mark.parametrize(
    "other",
    [
        KEY.upper(),
        KEY + "x",
        KEY * 2,
        KEY * 2 + "x",  # differs beyond the 64 bytes that the hash takes as a key
        KEY * 2 + "y",
    ],
)
def test_another_key_opens_nothing(other: str) -> None:
    with pytest.raises(PermanentError):
        sealer(other).open(sealer().seal(TOKEN))


def test_long_keys_count_to_their_last_character() -> None:
    with pytest.raises(PermanentError):
        sealer(KEY * 4 + "a").open(sealer(KEY * 4 + "b").seal(TOKEN))
    assert sealer(KEY * 4).open(sealer(KEY * 4).seal(TOKEN)).get_secret_value() == TOKEN
