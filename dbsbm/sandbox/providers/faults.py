"""Failures on demand, each the way the real provider fails."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Literal, get_args

Provider = Literal["espn", "apisports"]
FaultKind = Literal[
    "http_500",
    "http_403",
    "http_429",
    "errors_token",
    "errors_access",
    "errors_requests",
    "errors_rate",
    "errors_plan",
    "slow",
    "drip",
    "truncated",
    "html",
    "empty",
    "drop",
]
KINDS: tuple[FaultKind, ...] = get_args(FaultKind)
PROVIDERS: tuple[Provider, ...] = get_args(Provider)

API_ERRORS: dict[str, dict[str, str]] = {
    "errors_token": {
        "token": "Error/Missing application key. Go to the documentation to learn how to get one."
    },
    "errors_access": {"access": "Your account is suspended, check on your dashboard."},
    "errors_requests": {
        "requests": "You have reached the request limit for the day, upgrade your plan."
    },
    "errors_rate": {"rateLimit": "Too many requests. Your rate limit is 10 requests per minute."},
    "errors_plan": {"plan": "Free plans do not have access to this season, try from 2021 to 2023."},
}
"""What API-Sports puts into `errors` with HTTP 200, in its own keys."""


class InvalidFault(ValueError):
    """The description of a fault makes no sense; the text says why."""


@dataclass(slots=True)
class Fault:
    """A failure for the next calls that match.

    Attributes:
        pattern: Shell-style pattern of the endpoint: "*/scoreboard", "v3.football*/fixtures", "*".
        seconds: For "slow": how long to wait before a good answer. For "drip": the pause between
            the bytes of the answer.
        count: Calls that still fail.
    """

    provider: Provider
    pattern: str
    kind: FaultKind
    seconds: float = 0.0
    count: int = 1

    @classmethod
    def read(cls, described: Any) -> Fault:
        """Return the fault that a JSON object describes.

        Raises:
            InvalidFault: It is not one.
        """
        if not isinstance(described, dict):
            raise InvalidFault("A fault is a JSON object.")
        provider, kind = described.get("provider"), str(described.get("kind", ""))
        kind, _, seconds = kind.partition(":")
        if provider not in PROVIDERS:
            raise InvalidFault(f"provider must be one of {', '.join(PROVIDERS)}.")
        if kind not in KINDS:
            raise InvalidFault(f"kind must be one of {', '.join(KINDS)}.")
        if kind in API_ERRORS and provider != "apisports":
            raise InvalidFault(f"{kind} is a failure of apisports only.")
        try:
            return cls(
                provider,
                str(described.get("endpoint", "*")),
                kind,
                float(seconds or described.get("seconds", 0)),
                int(described.get("count", 1)),
            )
        except (TypeError, ValueError):
            raise InvalidFault("seconds and count must be numbers.") from None


class FaultPlan:
    """The faults in the order in which they were asked for."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Add a fault."""
        self._faults.append(fault)

    def clear(self) -> None:
        """Drop all faults."""
        self._faults.clear()

    def take(self, provider: Provider, endpoint: str) -> Fault | None:
        """Return the first fault that matches the call, counting it down."""
        for fault in self._faults:
            if fault.provider == provider and fnmatchcase(endpoint, fault.pattern):
                fault.count -= 1
                self._faults = [each for each in self._faults if each.count > 0]
                return fault
        return None
