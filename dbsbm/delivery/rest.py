"""The few REST calls of Discord that workers need, with its rate limits obeyed.

https://discord.com/developers/docs/topics/rate-limits
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import SecretStr

from dbsbm.errors import PermanentError, TransientError
from dbsbm.monitor.readings.discord_calls import (
    SCOPE_HEADER,
    DiscordCall,
    OnDiscordCall,
    discord_route,
)

# A pause this short is slept through; a longer one is handed back to the outbox.
LONGEST_SLEEP = 2.0
# One strange header must not silence the fleet for a year.
LONGEST_PAUSE = 3600.0
_TRIES = 4
USER_AGENT = "DiscordBot (https://github.com/dbsbm/dbsbm, 0.1)"

UNKNOWN_MESSAGE = 10008
UNKNOWN_WEBHOOK = 10015
INVALID_WEBHOOK_TOKEN = 50027
NO_ACCESS = frozenset({50001, 50013, 10003})


class ReplyGone(PermanentError):
    """There is no reply to write into: it was deleted, or the interaction is not deferred yet."""


class TokenExpired(ReplyGone):
    """The interaction can no longer be answered."""


@dataclass(frozen=True, slots=True)
class Image:
    """A PNG that goes along with a message.

    Attributes:
        name: The file's, as members see it when they save it.
        content: The file.
    """

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, repr=False)
class _Call:
    """One call. Not shown anywhere: path and headers hold tokens."""

    method: str
    path: str
    route: str
    message: Mapping[str, Any] | None
    image: Image | None = None
    headers: Mapping[str, str] | None = None


class DiscordRest:
    """Discord's REST API, for one process. Tokens appear in no log and no error."""

    def __init__(
        self,
        base_url: str,
        bot_token: SecretStr | None,
        *,
        on_call: OnDiscordCall | None = None,
        patience: float = 10.0,
    ) -> None:
        """Describe the API; nothing is connected yet.

        Args:
            base_url: Where it is.
            bot_token: For what is done in the bot's own name.
            on_call: Told of every call.
            patience: Seconds to wait for an answer.
        """
        self._bot_token = bot_token
        self._on_call = on_call
        self._limits = _RateLimits()
        self._client = httpx.Client(
            base_url=base_url,
            headers={"User-Agent": USER_AGENT},
            timeout=httpx.Timeout(patience, connect=3.0),
        )

    def edit_reply(
        self, application_id: int, token: SecretStr, message: Mapping[str, Any], image: Image | None
    ) -> int:
        """Write a deferred interaction's answer; returns the message's id. Safe to repeat.

        Raises:
            ReplyGone: There is no such reply, or not yet.
            TokenExpired: There never will be one again.
            TransientError: Discord is busy or away.
            PermanentError: Discord refuses the message.
        """
        path = f"/webhooks/{application_id}/{token.get_secret_value()}/messages/@original"
        # Every token has a bucket of its own; its route is named without it.
        call = _Call("PATCH", path, f"reply/{application_id}", message, image)
        return _message_id(self._send(call))

    def post_message(
        self, channel_id: int, message: Mapping[str, Any], image: Image | None, *, nonce: str
    ) -> int:
        """Post in a channel; returns the message's id.

        `nonce` makes a repeat within some minutes return the first message instead of a second.

        Raises:
            TransientError: Discord is busy or away.
            PermanentError: There is no bot token, no such channel, or no permission.
        """
        body = {**message, "nonce": nonce, "enforce_nonce": True}
        route = f"/channels/{channel_id}/messages"
        return _message_id(self._send(_Call("POST", route, route, body, image, self._login())))

    def edit_message(self, channel_id: int, message_id: int, message: Mapping[str, Any]) -> None:
        """Replace the fields of a message of the bot's own that `message` names. Safe to repeat.

        Raises:
            ReplyGone: Somebody deleted the message.
            TransientError: Discord is busy or away.
            PermanentError: There is no bot token, no such channel, or no permission.
        """
        path = f"/channels/{channel_id}/messages/{message_id}"
        # All edits of a channel share a bucket.
        route = f"edit/{channel_id}"
        self._send(_Call("PATCH", path, route, message, headers=self._login()))

    def messages_after(
        self, channel_id: int, after: int, *, limit: int = 100
    ) -> Sequence[dict[str, Any]]:
        """A channel's messages whose ids are greater than `after`; the nearest, in no order.

        Raises:
            TransientError: Discord is busy or away.
            PermanentError: There is no bot token, no such channel, or no permission.
        """
        path = f"/channels/{channel_id}/messages?limit={limit}&after={after}"
        answer = self._send(_Call("GET", path, f"read/{channel_id}", None, headers=self._login()))
        found = _content(answer)
        return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _login(self) -> dict[str, str]:
        if self._bot_token is None:
            raise PermanentError("DISCORD_TOKEN is missing: nothing can be posted in a channel.")
        return {"Authorization": f"Bot {self._bot_token.get_secret_value()}"}

    def _send(self, call: _Call) -> httpx.Response:
        for _ in range(_TRIES):
            self._limits.wait(call.route)
            answer = self._request(call)
            self._limits.learn(call.route, answer.headers)
            if answer.is_success:
                return answer
            if answer.status_code != 429:
                raise _refusal(answer)
            self._limits.block(_limited_route(call, answer), _asked_pause(answer))
        raise TransientError("Discord keeps asking to wait.", retry_after=5.0)

    def _request(self, call: _Call) -> httpx.Response:
        body = _body(call.message, call.image)
        began = time.perf_counter()
        try:
            answer = self._client.request(call.method, call.path, headers=call.headers, **body)
        except httpx.HTTPError as error:
            self._report(call, began, None)
            # Not chained: httpx's error holds the address, and the address holds the token.
            raise TransientError(f"Discord did not answer: {type(error).__name__}.") from None
        self._report(call, began, answer)
        return answer

    def _report(self, call: _Call, began: float, answer: httpx.Response | None) -> None:
        if self._on_call is None:
            return
        status, shared = None, False
        if answer is not None:
            status, shared = answer.status_code, answer.headers.get(SCOPE_HEADER) == "shared"
        route = discord_route(call.method, call.path)
        self._on_call(DiscordCall(route, status, time.perf_counter() - began, shared))


# The limit on all that a bot, or the address it comes from, asks of Discord.
EVERY_ROUTE = "*"


class _RateLimits:
    """When each route may be called again. Shared by the threads of a process."""

    def __init__(self) -> None:
        self._free_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, route: str) -> None:
        """Sleep until the route is free, or raise TransientError where that is far away."""
        with self._lock:
            free_at = max(self._free_at.get(each, 0.0) for each in (route, EVERY_ROUTE))
        pause = free_at - time.monotonic()
        if pause > LONGEST_SLEEP:
            raise TransientError("Discord asks to wait.", retry_after=pause)
        if pause > 0:
            time.sleep(pause)

    def learn(self, route: str, headers: Mapping[str, str]) -> None:
        """Note an exhausted bucket."""
        if headers.get("X-RateLimit-Remaining") == "0" and not route.startswith("reply/"):
            self.block(route, _seconds(headers.get("X-RateLimit-Reset-After")))

    def block(self, route: str, seconds: float) -> None:
        """Let nobody call the route for a while."""
        with self._lock:
            if len(self._free_at) > 1000:
                self._free_at.clear()
            self._free_at[route] = time.monotonic() + seconds


def _body(message: Mapping[str, Any] | None, image: Image | None) -> dict[str, Any]:
    if message is None:
        return {}
    if image is None:
        return {"json": dict(message)}
    payload = {**message, "attachments": [{"id": 0, "filename": image.name}]}
    return {
        "data": {"payload_json": json.dumps(payload)},
        "files": {"files[0]": (image.name, image.content, "image/png")},
    }


def _message_id(answer: httpx.Response) -> int:
    try:
        return int(_json(answer)["id"])
    except (KeyError, TypeError, ValueError):
        raise TransientError("Discord sent an answer that is no message.") from None


def _limited_route(call: _Call, answer: httpx.Response) -> str:
    """What must not be called for a while. A limit without Discord's own words is its gate's."""
    return EVERY_ROUTE if _json(answer).get("global", True) else call.route


def _asked_pause(answer: httpx.Response) -> float:
    return _seconds(_json(answer).get("retry_after", answer.headers.get("Retry-After")))


def _seconds(text: Any) -> float:
    """Read a pause that Discord asks for; a second where it cannot be read."""
    try:
        return min(max(0.0, float(text)), LONGEST_PAUSE)
    except (TypeError, ValueError):
        return 1.0


def _refusal(answer: httpx.Response) -> Exception:
    status, code = answer.status_code, _json(answer).get("code", 0)
    if status >= 500:
        return TransientError(f"Discord is out of order (HTTP {status}).")
    if code == INVALID_WEBHOOK_TOKEN:
        return TokenExpired(f"The interaction can no longer be answered (code {code}).")
    if code in {UNKNOWN_WEBHOOK, UNKNOWN_MESSAGE}:
        return ReplyGone(f"There is no reply to write into (code {code}).")
    if code in NO_ACCESS:
        return PermanentError(f"The bot may not write in that channel (code {code}).")
    if status == 401:
        return PermanentError("Discord refuses DISCORD_TOKEN.")
    return PermanentError(f"Discord refuses the message (HTTP {status}, code {code}).")


def _json(answer: httpx.Response) -> dict[str, Any]:
    data = _content(answer)
    return data if isinstance(data, dict) else {}


def _content(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None
