"""What a provider allows, and how patient we are with one that fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Priority = Literal["user", "background"]
"""A member waits for a "user" call; warmers and sweeps make "background" calls."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Calls that one scope may make.

    Attributes:
        day_cap: Never more calls than this in a UTC day, whatever the provider would allow. None:
            as many as the provider's headers say, or without limit where it is silent.
        minute_assumed: Calls in a minute until the provider's headers name the real limit.
    """

    day_cap: int | None = None
    minute_assumed: int | None = None


@dataclass(frozen=True, slots=True)
class Meter:
    """Whose allowance a call is charged to.

    Attributes:
        scope: What has an allowance and fails on its own, such as "apisports:football".
        credential: Fingerprint of the key; a refused key stops every scope that uses it.
    """

    provider: str
    scope: str
    credential: str
    limits: Limits


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """When a failing provider is left alone, and for how long.

    After `threshold` failures in a row the breaker opens for `first_seconds`; then one call probes,
    and each further failure doubles the wait up to `longest_seconds`.

    Attributes:
        probe_seconds: How long others wait for a probe that never reports back.
        forget_seconds: Failures this far apart are not "in a row".
    """

    threshold: int = 3
    first_seconds: float = 5.0
    longest_seconds: float = 300.0
    probe_seconds: float = 15.0
    forget_seconds: float = 900.0

    def open_seconds(self, failures: int) -> float:
        """Return how long the breaker stays open after so many failures in a row; 0: not at all."""
        if failures < self.threshold:
            return 0.0
        doublings = min(failures - self.threshold, 30)
        return min(self.first_seconds * 2.0**doublings, self.longest_seconds)
