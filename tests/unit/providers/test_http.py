from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import SecretStr

from dbsbm.providers.errors import BadAnswer
from dbsbm.providers.http import HttpAnswer, decode_json
from dbsbm.providers.redact import Redactor, fingerprint


def answer(body: bytes, kind: str = "application/json") -> HttpAnswer:
    return HttpAnswer(200, {"content-type": kind}, body, 0.0)


def test_fractions_are_exact() -> None:
    assert decode_json(answer(b'{"line": 8.1}'), "espn") == {"line": Decimal("8.1")}


@pytest.mark.parametrize(
    ("body", "kind", "sentence"),
    [
        (b"", "application/json", "empty"),
        (b"  \n", "application/json", "empty"),
        (b"<html>", "text/html", "web page"),
        (b'  <!DOCTYPE html><a href="x">', "application/json", "web page"),
        (b'{"events": [{"id"', "application/json", "cut short"),
        (b'{"line": NaN}', "application/json", "not JSON"),
        (b"\xff\xfe{}", "application/json", "not JSON"),
        (b"[" * 100_000, "application/json", "not JSON"),
        (b'{"n": ' + b"9" * 10_000 + b"}", "application/json", "not JSON"),
    ],
)
def test_what_is_not_data_is_named(body: bytes, kind: str, sentence: str) -> None:
    with pytest.raises(BadAnswer, match=sentence):
        decode_json(answer(body, kind), "espn")


def test_a_fingerprint_tells_keys_apart_and_does_not_hold_them() -> None:
    one, other = SecretStr("a" * 32), SecretStr("b" * 32)

    assert fingerprint(one) != fingerprint(other)
    assert fingerprint(one) == fingerprint(SecretStr("a" * 32))
    assert "a" * 8 not in fingerprint(one)
    assert fingerprint(None) == "none"


def test_keys_in_queries_are_hidden_even_if_they_are_not_ours() -> None:
    cleaned = Redactor().clean("GET /v4/odds?apiKey=abc123&regions=us failed")

    assert cleaned == "GET /v4/odds?apiKey=***&regions=us failed"
