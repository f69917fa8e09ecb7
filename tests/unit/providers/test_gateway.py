from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import pytest

from dbsbm.providers.errors import BadAnswer, ProviderError, QuotaExhausted, Unavailable
from dbsbm.providers.gateway import Call, CallRecord, Gateway
from dbsbm.providers.guard import Guard, Limits, Meter
from dbsbm.providers.http import HttpAnswer
from dbsbm.providers.model import QuotaState

METER = Meter("espn", "espn", "none", Limits(day_cap=3))
CALL = Call(METER, "{sport}/scoreboard", "http://x/football/scoreboard", "events")


class CannedTransport:
    """Answers without a network."""

    def __init__(self, *answers: bytes | ProviderError) -> None:
        self.answers = list(answers)

    def get(self, url: str, **_: Any) -> HttpAnswer:
        answer = self.answers.pop(0)
        if isinstance(answer, ProviderError):
            raise answer
        return HttpAnswer(200, {}, answer, 0.25)


class PlainDialect:
    """A provider that sends a quota and never refuses."""

    def quota(self, headers: Mapping[str, str]) -> QuotaState | None:
        return QuotaState(day_limit=3)

    def refusal(self, answer: HttpAnswer, payload: Any) -> ProviderError | None:
        return None


def gateway(records: list[CallRecord], *answers: bytes | ProviderError) -> Gateway:
    return Gateway(
        provider="espn",
        transport=CannedTransport(*answers),  # type: ignore[arg-type]
        guard=Guard(None),
        dialect=PlainDialect(),
        on_call=records.append,
    )


def test_a_good_call_is_recorded_with_its_cost() -> None:
    records: list[CallRecord] = []

    answer = gateway(records, b'{"events": []}').call(CALL, "user")

    assert answer.payload == {"events": []}
    [record] = records
    assert (record.provider, record.endpoint, record.outcome) == (
        "espn",
        "{sport}/scoreboard",
        "ok",
    )
    assert (record.status, record.sent, record.cost) == (200, True, 1)
    assert record.quota == QuotaState(day_limit=3)


def test_a_failed_call_is_recorded_and_charged() -> None:
    records: list[CallRecord] = []

    with pytest.raises(Unavailable):
        gateway(records, Unavailable("down", provider="espn")).call(CALL, "user")

    assert [(r.outcome, r.status, r.sent, r.cost) for r in records] == [
        ("unavailable", None, True, 1)
    ]


def test_a_call_that_the_guard_refuses_is_recorded_and_costs_nothing() -> None:
    records: list[CallRecord] = []
    full = gateway(records, *[b'{"events": []}'] * 3)
    for _ in range(3):
        full.call(CALL, "user")

    with pytest.raises(QuotaExhausted):
        full.call(CALL, "user")

    assert [(r.outcome, r.sent, r.cost) for r in records[3:]] == [("quota", False, 0)]


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"events": {}}', b'{"events": null}', b"7"])
def test_data_in_another_shape_is_a_bad_answer(body: bytes) -> None:
    records: list[CallRecord] = []

    with pytest.raises(BadAnswer, match="events"):
        gateway(records, body).call(CALL, "user")

    assert records[0].outcome == "bad_answer"


def test_an_observer_that_fails_costs_no_answer(caplog: pytest.LogCaptureFixture) -> None:
    def broken(record: CallRecord) -> None:
        raise RuntimeError("monitor is down")

    gate = Gateway(
        provider="espn",
        transport=CannedTransport(b'{"events": []}'),  # type: ignore[arg-type]
        guard=Guard(None),
        dialect=PlainDialect(),
        on_call=broken,
    )

    with caplog.at_level(logging.WARNING):
        assert gate.call(CALL, "user").payload == {"events": []}
    assert "observer" in caplog.text
