"""Counters an operator or a benchmark reads."""

from __future__ import annotations

import statistics
from collections import Counter, deque

from dbsbm.sandbox.discord.jsonio import Json

_SAMPLES = 2_000


class Stats:
    """What happened since the start, and the newest latencies."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.events: Counter[str] = Counter()
        self.rate_limited: Counter[str] = Counter()
        self._ack_ms: deque[float] = deque(maxlen=_SAMPLES)
        self._answer_ms: deque[float] = deque(maxlen=_SAMPLES)

    def count_request(self, method: str, route: str, status: int) -> None:
        """Count one REST request by its route and its status."""
        self.requests[f"{method} {route}"] += 1
        self.statuses[status] += 1

    def acknowledged(self, ms: float) -> None:
        """Note the time an interaction waited for its first answer."""
        self._ack_ms.append(ms)

    def answered(self, ms: float) -> None:
        """Note the time until a member saw the answer itself."""
        self._answer_ms.append(ms)

    def view(self) -> Json:
        """Return everything, for the control API."""
        return {
            "requests": dict(self.requests),
            "statuses": {str(k): v for k, v in self.statuses.items()},
            "events": dict(self.events),
            "rate_limited": dict(self.rate_limited),
            "ack_ms": _quantiles(self._ack_ms),
            "answer_ms": _quantiles(self._answer_ms),
        }


def _quantiles(samples: deque[float]) -> Json:
    if len(samples) < 2:
        return {"count": len(samples), "p50": None, "p95": None, "max": None}
    cuts = statistics.quantiles(samples, n=20, method="inclusive")
    return {
        "count": len(samples),
        "p50": round(cuts[9], 3),
        "p95": round(cuts[18], 3),
        "max": round(max(samples), 3),
    }
