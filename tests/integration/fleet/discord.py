"""The one REST call that delivers an answer, taken by a server that notes it."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class Edit:
    """An interaction's answer, as Discord got it."""

    path: str
    body: bytes

    @property
    def content(self) -> str:
        """The text of the message; it stands in the body's part that is JSON."""
        payload = re.search(rb"\{.*\}", self.body)
        assert payload is not None
        message: dict[str, Any] = json.loads(payload[0])
        return str(message["content"])


class FakeDiscord:
    """Takes every edit of a reply. A context manager."""

    def __init__(self) -> None:
        self.edits: list[Edit] = []
        edits = self.edits

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_PATCH(self) -> None:
                edits.append(Edit(self.path, self.rfile.read(int(self.headers["Content-Length"]))))
                answer = json.dumps({"id": str(len(edits))}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/api/v10"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
