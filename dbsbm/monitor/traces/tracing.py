"""Spans of this process: of tasks while they run, and of what has just ended.

A command's trace id, which every log line has too, is its trace id here. The interaction itself is
the root span, whose id is made of the trace id, so that a task's span finds its parent without
being told of it.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from contextvars import ContextVar, Token
from hashlib import blake2b

from opentelemetry import context as current
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, Status, StatusCode
from opentelemetry.trace import TraceFlags as Flags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from dbsbm import logs

EXPORT_SECONDS = 5.0
Attributes = Mapping[str, str | int | float | bool]

_SPAN_BITS = (1 << 64) - 1
_propagator = TraceContextTextMapPropagator()


def send_to(endpoint: str, service: str) -> Tracing:
    """Spans that go to a collector by OTLP over HTTP. Nothing is connected yet."""
    exporter = OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces", timeout=EXPORT_SECONDS)
    return Tracing(exporter, service)


class Tracing:
    """Makes this process's spans.

    Args:
        exporter: Takes them, in a thread of its own.
        service: What the process is called.
    """

    def __init__(self, exporter: SpanExporter, service: str) -> None:
        self._provider = TracerProvider(
            resource=Resource.create({"service.name": service, "service.namespace": "dbsbm"}),
            id_generator=_RootIds(),
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("dbsbm")

    def begin(
        self, name: str, trace_id: str, attributes: Attributes, parent: str | None = None
    ) -> Running:
        """Begin a span that what happens meanwhile becomes a part of.

        Args:
            name: Few values, such as a task's name.
            trace_id: The fleet's own, as in the logs.
            attributes: By OpenTelemetry's conventions where it has any.
            parent: A `traceparent`, where the sender had a span of its own.
        """
        around = _propagator.extract({"traceparent": parent}) if parent else _root_of(trace_id)
        span = self._tracer.start_span(
            name, around, kind=SpanKind.CONSUMER, attributes=dict(attributes)
        )
        return Running(span, current.attach(trace.set_span_in_context(span)))

    def past(
        self, name: str, seconds: float, attributes: Attributes, error: str | None = None
    ) -> None:
        """Tell of a call that has just ended, as a part of what runs or of the logs' trace."""
        around = None if trace.get_current_span().get_span_context().is_valid else _logged_trace()
        now = time.time_ns()
        span = self._tracer.start_span(
            name,
            around,
            kind=SpanKind.CLIENT,
            attributes=dict(attributes),
            start_time=now - round(seconds * 1e9),
        )
        _end(span, error, now)

    def root(
        self, name: str, seconds: float, attributes: Attributes, error: str | None = None
    ) -> None:
        """Tell of an interaction that was acknowledged just now: the root of the logs' trace."""
        trace_id = logs.trace_id.get()
        if trace_id is None:
            return
        now = time.time_ns()
        token = _root_trace.set(trace_id)
        try:
            span = self._tracer.start_span(
                name,
                Context(),
                kind=SpanKind.SERVER,
                attributes=dict(attributes),
                start_time=now - round(seconds * 1e9),
            )
        finally:
            _root_trace.reset(token)
        _end(span, error, now)

    def traceparent(self) -> str | None:
        """What a message tells its taker of the span in which it is sent, if there is any."""
        carrier: dict[str, str] = {}
        _propagator.inject(carrier)
        return carrier.get("traceparent")

    def close(self) -> None:
        """Send the rest, for some seconds at most."""
        self._provider.shutdown()


class Running:
    """A span that has begun. It is ended once, by whoever began it."""

    def __init__(self, span: Span, token: Token[Context]) -> None:
        self._span = span
        self._token = token

    def end(self, error: str | None = None) -> None:
        """End it; `error` is the name of an error's class, never its text."""
        current.detach(self._token)
        _end(self._span, error)


def _end(span: Span, error: str | None, now: int | None = None) -> None:
    if error is not None:
        span.set_attribute("error.type", error)
        span.set_status(Status(StatusCode.ERROR))
    span.end(now)


_root_trace: ContextVar[str | None] = ContextVar("root_trace", default=None)


class _RootIds(RandomIdGenerator):
    """Gives the root of a trace the ids that everybody can make of its name."""

    def generate_trace_id(self) -> int:
        name = _root_trace.get()
        return super().generate_trace_id() if name is None else _trace_number(name)

    def generate_span_id(self) -> int:
        name = _root_trace.get()
        return super().generate_span_id() if name is None else _root_number(name)


def _trace_number(name: str) -> int:
    """A trace id of 128 bits: the UUID itself, or a digest of what is none."""
    try:
        return uuid.UUID(name).int or 1
    except ValueError:
        return int.from_bytes(blake2b(name.encode(), digest_size=16).digest()) or 1


def _root_number(name: str) -> int:
    return _trace_number(name) & _SPAN_BITS or 1


def _root_of(name: str) -> Context:
    """The context of a trace's root, wherever that was made."""
    root = SpanContext(_trace_number(name), _root_number(name), True, Flags(Flags.SAMPLED))
    return trace.set_span_in_context(NonRecordingSpan(root), Context())


def _logged_trace() -> Context | None:
    name = logs.trace_id.get()
    return None if name is None else _root_of(name)
