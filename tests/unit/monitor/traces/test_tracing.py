from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from dbsbm import logs
from dbsbm.errors import ConfigError
from dbsbm.monitor.readings.discord_calls import DiscordCall
from dbsbm.monitor.traces import opening
from dbsbm.monitor.traces.discord import discord_spans
from dbsbm.monitor.traces.opening import check_tracing, open_tracing
from dbsbm.monitor.traces.providers import provider_spans
from dbsbm.monitor.traces.statements import trace_statements
from dbsbm.monitor.traces.tracing import Tracing
from dbsbm.providers.gateway import CallRecord
from dbsbm.settings import Settings
from tasks.traces import _TaskSpans

TRACE = "7c1e2f52-0f4b-4c3e-9a43-3a1f1f0c8a11"


class Spans:
    """A tracing whose spans stay here."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.tracing = Tracing(self._exporter, "dbsbm-test")

    def ended(self) -> dict[str, ReadableSpan]:
        self.tracing._provider.force_flush()
        return {span.name: span for span in self._exporter.get_finished_spans()}


@pytest.fixture
def spans() -> Iterator[Spans]:
    made = Spans()
    yield made
    made.tracing.close()


@pytest.fixture
def logged_trace() -> Iterator[None]:
    token = logs.trace_id.set(TRACE)
    yield
    logs.trace_id.reset(token)


def task(**headers: Any) -> Any:
    request = SimpleNamespace(
        root_id=TRACE,
        id="1",
        retries=0,
        hostname="images@host",
        delivery_info={"routing_key": "images"},
        **headers,
    )
    return SimpleNamespace(name="tasks.slips.render", request=request)


def test_what_happens_in_a_task_is_a_part_of_it_and_it_of_the_interaction(
    spans: Spans, logged_trace: None
) -> None:
    spans.tracing.root("/bet", 0.1, {"dbsbm.command": "bet"})
    listener = _TaskSpans(spans.tracing)
    listener.begin(task())
    engine = create_engine("sqlite://")
    trace_statements(engine, spans.tracing)
    with engine.connect() as connection:
        connection.execute(text("SELECT 'hunter2' AS secret WHERE 1 = :n"), {"n": 4711})
    provider_spans(spans.tracing)(call())
    discord_spans(spans.tracing)(DiscordCall("POST /channels/{id}/messages", 200, 0.2))
    headers: dict[str, Any] = {"traceparent": "of the message that this retries"}
    listener.send(headers)
    listener.end()
    engine.dispose()

    ended = spans.ended()
    run = ended["tasks.slips.render"]
    root = ended["/bet"]
    assert root.context.trace_id == run.context.trace_id == uuid.UUID(TRACE).int
    assert root.parent is None
    assert run.parent is not None
    assert run.parent.span_id == root.context.span_id
    for name in ("SELECT", "GET espn scoreboard", "POST /channels/{id}/messages"):
        parent = ended[name].parent
        assert parent is not None
        assert parent.span_id == run.context.span_id
    assert f"{run.context.span_id:016x}" in headers["traceparent"]
    assert run.attributes is not None
    assert run.attributes["messaging.destination.name"] == "images"


def call(**changes: Any) -> CallRecord:
    values = {
        "provider": "espn",
        "endpoint": "scoreboard",
        "status": 200,
        "outcome": "ok",
        "sent": True,
        "elapsed": 0.5,
        "cost": 1,
        "quota": None,
        "at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return CallRecord(**{**values, **changes})


def test_a_statement_s_values_are_in_no_span(spans: Spans) -> None:
    engine = create_engine("sqlite://")
    trace_statements(engine, spans.tracing)
    with engine.connect() as connection, pytest.raises(OperationalError):
        connection.execute(text("SELECT 'hunter2' FROM nowhere WHERE a = :n"), {"n": "hunter3"})
    [span] = spans.ended().values()
    assert span.name == "SELECT nowhere"
    assert not span.status.is_ok
    assert "hunter" not in span.to_json()
    assert "SELECT ? FROM nowhere WHERE a = ?" in span.to_json()
    engine.dispose()


def test_a_message_from_within_a_task_has_that_task_as_its_parent(spans: Spans) -> None:
    listener = _TaskSpans(spans.tracing)
    parent = f"00-{uuid.UUID(TRACE).int:032x}-00000000000000aa-01"
    listener.begin(task(traceparent=parent))
    listener.failed(ValueError("hunter2"))
    listener.end()
    [span] = spans.ended().values()
    assert span.parent is not None
    assert span.parent.span_id == 0xAA
    assert span.attributes is not None
    assert span.attributes["error.type"] == "ValueError"
    assert "hunter2" not in span.to_json()


def test_a_span_lasts_as_long_as_the_call(spans: Spans) -> None:
    provider_spans(spans.tracing)(call(outcome="timeout", status=None, elapsed=2.5))
    provider_spans(spans.tracing)(call(sent=False, endpoint="never sent"))
    [span] = spans.ended().values()
    assert span.start_time is not None
    assert span.end_time is not None
    assert span.end_time - span.start_time == 2_500_000_000
    assert not span.status.is_ok


def test_what_is_sent_outside_of_a_span_names_no_parent(spans: Spans) -> None:
    headers: dict[str, Any] = {"traceparent": "of the message that this retries"}
    _TaskSpans(spans.tracing).send(headers)
    assert headers == {}


SET: dict[str, Any] = {
    "_env_file": None,
    "secret_key": "k" * 40,
    "broker_url": "redis://127.0.0.1:1/0",
    "cache_url": "redis://127.0.0.1:1/1",
    "otel_exporter_otlp_endpoint": "http://127.0.0.1:1",
}


def test_without_an_address_nothing_is_made_and_nothing_is_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loaded = "dbsbm.monitor.traces.tracing"
    monkeypatch.delitem(sys.modules, loaded)
    assert open_tracing(Settings(**(SET | {"otel_exporter_otlp_endpoint": None})), "s") is None
    assert loaded not in sys.modules


def test_missing_packages_are_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "find_spec", lambda _name: None)
    with pytest.raises(ConfigError, match=r"OTEL_EXPORTER_OTLP_ENDPOINT is set, .*dbsbm\[otel\]"):
        check_tracing(Settings(**SET))
    check_tracing(Settings(**(SET | {"otel_exporter_otlp_endpoint": None})))
