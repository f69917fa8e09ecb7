"""Rate limits as Discord announces them: fixed windows, for each route and resource."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from dbsbm.sandbox.discord.config import API_PREFIX, Limit, RateLimits
from dbsbm.sandbox.discord.jsonio import Json

_PRUNE_ABOVE = 4_096
_MESSAGES = "/channels/{channel_id}/messages"
_RULES = {
    ("POST", _MESSAGES): "create_message",
    ("PATCH", _MESSAGES + "/{message_id}"): "edit_message",
    ("DELETE", _MESSAGES + "/{message_id}"): "delete_message",
}


@dataclass(slots=True)
class _Window:
    ends: float
    left: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the limiter says of one request.

    Attributes:
        headers: The rate limit headers of the answer.
        retry_after: Seconds to wait, where the request is refused.
        scope: "user", or "global" where the limit over all routes is hit.
    """

    headers: dict[str, str]
    retry_after: float | None = None
    scope: str = "user"

    def body(self) -> Json:
        """Return the JSON body of the 429."""
        return rate_limited_body(self.retry_after or 0.0, everywhere=self.scope == "global")


def rate_limited_body(retry_after: float, *, everywhere: bool) -> Json:
    """Return the JSON body of a 429."""
    return {
        "message": "You are being rate limited.",
        "retry_after": round(retry_after, 3),
        "global": everywhere,
    }


def is_interaction_route(route: str) -> bool:
    """Say whether a route needs no bot token and is outside the limit over all routes."""
    return route.startswith(("/interactions/", "/webhooks/"))


class RateLimiter:
    """Counts requests and refuses those beyond a limit.

    Args:
        limits: The limits; they may be exchanged at any time.
        monotonic: A clock in seconds that never goes back.
    """

    def __init__(self, limits: RateLimits, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits
        self._monotonic = monotonic
        self._windows: dict[tuple[str, str], _Window] = {}

    def take(self, method: str, route: str, major: str) -> Verdict:
        """Count a request.

        Args:
            method: HTTP method.
            route: The route's template below the API prefix.
            major: What the bucket is separate for: channel, guild, or webhook token.
        """
        interaction = is_interaction_route(route)
        if not self.limits.enabled or route.endswith("/callback"):
            return Verdict({})
        if not interaction:
            wait = self._spend(("everything", ""), self.limits.everything)[1]
            if wait is not None:
                headers = {"X-RateLimit-Global": "true", "X-RateLimit-Scope": "global"}
                return Verdict(headers | _retry_header(wait), wait, "global")
        rule, limit = self._limit(method, route)
        bucket = _bucket_hash(rule)
        window, wait = self._spend((bucket, major), limit)
        headers = self._headers(bucket, window, limit)
        if wait is None:
            return Verdict(headers)
        return Verdict(headers | {"X-RateLimit-Scope": "user"} | _retry_header(wait), wait)

    def _limit(self, method: str, route: str) -> tuple[str, Limit]:
        if is_interaction_route(route):
            return "webhook", self.limits.webhook
        name = _RULES.get((method, route))
        if name is None:
            return f"{method} {route}", self.limits.other
        limit: Limit = getattr(self.limits, name)
        return name, limit

    def _spend(self, key: tuple[str, str], limit: Limit) -> tuple[_Window, float | None]:
        now = self._monotonic()
        window = self._windows.get(key)
        if window is None or now >= window.ends:
            self._prune(now)
            window = self._windows[key] = _Window(now + limit.seconds, limit.requests)
        if window.left <= 0:
            return window, window.ends - now
        window.left -= 1
        return window, None

    def _prune(self, now: float) -> None:
        if len(self._windows) > _PRUNE_ABOVE:
            self._windows = {k: w for k, w in self._windows.items() if now < w.ends}

    def _headers(self, bucket: str, window: _Window, limit: Limit) -> dict[str, str]:
        after = max(0.0, window.ends - self._monotonic())
        return {
            "X-RateLimit-Bucket": bucket,
            "X-RateLimit-Limit": str(limit.requests),
            "X-RateLimit-Remaining": str(window.left),
            "X-RateLimit-Reset": f"{time.time() + after:.3f}",
            "X-RateLimit-Reset-After": f"{after:.3f}",
        }


def _retry_header(seconds: float) -> dict[str, str]:
    # Without Via, clients take a 429 for a ban by the network in front and give up.
    return {"Retry-After": str(math.ceil(seconds)), "Via": "1.1 standin"}


@lru_cache(maxsize=256)
def _bucket_hash(rule: str) -> str:
    return hashlib.blake2s(rule.encode(), digest_size=16).hexdigest()


def major_parameter(match: dict[str, str]) -> str:
    """Return what separates the buckets of one route.

    Args:
        match: The path's parameters.
    """
    names = ("channel_id", "guild_id", "token")
    return next((match[name] for name in names if name in match), "")


def below_prefix(path: str) -> str:
    """Return a path without the API's prefix."""
    return path.removeprefix(API_PREFIX)
