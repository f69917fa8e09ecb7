"""A client for the sandbox's control API, for tests and scripts."""

from __future__ import annotations

import ssl
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import httpx

from dbsbm.sandbox.providers.faults import FaultKind, Provider


class SandboxControl:
    """Switches failures, allowances and the time of a running sandbox.

    Every method raises `httpx.HTTPError` when the sandbox is not there or refuses.
    """

    def __init__(self, url: str) -> None:
        # The sandbox speaks plain HTTP; an empty context spares reading all certificates.
        self._client = httpx.Client(
            base_url=url,
            timeout=10,
            trust_env=False,
            verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        )

    def fault(
        self,
        provider: Provider,
        kind: FaultKind,
        *,
        endpoint: str = "*",
        seconds: float = 0.0,
        count: int = 1,
    ) -> None:
        """Make the next `count` calls to matching endpoints fail."""
        self._send(
            "POST",
            "/sandbox/faults",
            {
                "provider": provider,
                "kind": kind,
                "endpoint": endpoint,
                "seconds": seconds,
                "count": count,
            },
        )

    def clear_faults(self) -> None:
        """Drop all faults that have not struck yet."""
        self._send("DELETE", "/sandbox/faults")

    def calls(self) -> dict[str, int]:
        """Return how often each endpoint was called: "espn football/nfl/scoreboard"."""
        calls: dict[str, int] = self._send("GET", "/sandbox/stats")["calls"]
        return calls

    def clear_calls(self) -> None:
        """Start counting calls anew."""
        self._send("DELETE", "/sandbox/stats")

    def set_quota(self, *, per_day: int, per_minute: int) -> None:
        """Give each API of API-Sports a fresh allowance."""
        self._send("POST", "/sandbox/quota", {"per_day": per_day, "per_minute": per_minute})

    def advance(self, seconds: float) -> datetime:
        """Move the sandbox's time forward and return it."""
        answer = self._send("POST", "/sandbox/clock", {"seconds": seconds})
        return datetime.fromisoformat(answer["now"])

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        response = self._client.request(method, path, json=body)
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
