"""Spans that go to a collector by OTLP over HTTP."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from sqlalchemy import text

from tests.integration.services import Sent, services_on
from tests.servers import ValkeyServer


class Collector(ThreadingHTTPServer):
    """Keeps the spans that it is sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.paths: list[str] = []
        self.bodies: list[bytes] = []

    def spans(self) -> dict[str, dict[str, Any]]:
        """Name -> service and attributes."""
        found = {}
        for body in self.bodies:
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                shared = {
                    each.key: each.value.string_value for each in resource.resource.attributes
                }
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        own = {each.key: each.value.string_value for each in span.attributes}
                        found[span.name] = shared | own
        return found


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.paths.append(self.path)
        self.server.bodies.append(body)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_the_services_send_their_statements_to_the_collector(
    collector: Collector,
    migrated_sqlite_url: str,
    valkey_broker: ValkeyServer,
    valkey_cache: ValkeyServer,
    tmp_path: Path,
) -> None:
    with (
        services_on(
            database=migrated_sqlite_url,
            broker=valkey_broker.url,
            cache=valkey_cache.url,
            data_dir=tmp_path,
            sent=Sent(),
            otel_exporter_otlp_endpoint=f"http://127.0.0.1:{collector.server_port}",
            enable_performance_monitoring=False,
        ) as services,
        services.database.read() as session,
    ):
        session.execute(text("SELECT id FROM bets WHERE note = :note"), {"note": "hunter2"})
    assert set(collector.paths) == {"/v1/traces"}
    span = collector.spans()["SELECT bets"]
    assert span["service.name"] == "dbsbm-worker"
    assert span["db.query.text"] == "SELECT id FROM bets WHERE note = ?"
    assert not [body for body in collector.bodies if b"hunter2" in body]


def test_services_without_a_collector_and_without_monitoring_attach_nothing(
    migrated_sqlite_url: str,
    valkey_broker: ValkeyServer,
    valkey_cache: ValkeyServer,
    tmp_path: Path,
) -> None:
    with services_on(
        database=migrated_sqlite_url,
        broker=valkey_broker.url,
        cache=valkey_cache.url,
        data_dir=tmp_path,
        sent=Sent(),
        enable_performance_monitoring=False,
    ) as services:
        _ = services.cache, services.providers, services.delivery
        engine = services.database.engine
        assert services.tracing is None
        assert services.recorder._sources == []
        assert services.cache.stats._on_load is None
        assert services.delivery._discord._on_call is None
        assert not engine.dialect.dispatch.do_connect
        assert type(engine.pool).__name__ == "QueuePool"
        names = {thread.name for thread in threading.enumerate()}
        assert "dbsbm-recorder" not in names
    assert valkey_broker.client().keys("dbsbm:metrics:*") == []
