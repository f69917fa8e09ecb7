"""Calls to Discord's REST API, by route and outcome, from the bot and from the workers alike."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote

from dbsbm.monitor.counting.recorder import Recorder

performance = logging.getLogger("dbsbm.performance")

# https://discord.com/developers/docs/topics/rate-limits: 10,000 of these in ten minutes, and
# Discord bans the address. A limit that others share (scope `shared`) is not held against the bot.
INVALID_STATUSES = frozenset({401, 403, 429})
SCOPE_HEADER = "X-RateLimit-Scope"

_VERSION = re.compile(r"^/api(/v\d+)?(?=/)")
_ID = re.compile(r"(?<=/)\d+(?=/|$)")
# What follows an application's or a webhook's id, or an interaction's, is a token.
_TOKEN = re.compile(r"(?<=/)(webhooks|interactions)/\{id\}/[^/]+")
_WORD = re.compile(r"[a-z@][a-z@_-]{0,30}|\{id\}|\{token\}")


@dataclass(frozen=True, slots=True)
class DiscordCall:
    """One call of Discord's REST API.

    Attributes:
        route: As `discord_route` spells it.
        status: HTTP status, or None where no answer came.
        seconds: Until the answer's headers were there.
        shared: The limit that was hit is shared with others.
    """

    route: str
    status: int | None
    seconds: float
    shared: bool = False


OnDiscordCall = Callable[[DiscordCall], None]


def discord_route(method: str, path: str) -> str:
    """A call's route: its path without ids and tokens, such as `POST /channels/{id}/messages`.

    Nothing that is not a plain word is kept, so that neither a secret nor a member's words get in.
    """
    plain = _VERSION.sub("", unquote(path).partition("?")[0])
    plain = _TOKEN.sub(r"\1/{id}/{token}", _ID.sub("{id}", plain))
    parts = (part if _WORD.fullmatch(part) else "{…}" for part in plain.split("/")[1:])
    return f"{method.upper()} /{'/'.join(parts)}"


def answer_observer(recorder: Recorder) -> Callable[[str, datetime], None] | None:
    """Records each answer as `discord.answer`; None where nothing is measured.

    It takes the command's name and when Discord says that it was given.
    """
    if not recorder.enabled:
        return None

    def observe(command: str, given: datetime) -> None:
        # Our clock may be behind Discord's: an answer is never before its command.
        seconds = max(0.0, recorder.clock.now() - given.timestamp())
        recorder.observe("discord.answer", seconds, command=command)

    return observe


def discord_observer(recorder: Recorder) -> OnDiscordCall | None:
    """Records each call as `discord.rest`, and as `discord.invalid` where it counts for a ban.

    None where nothing is measured.
    """
    if not recorder.enabled:
        return None

    def observe(call: DiscordCall) -> None:
        outcome = "no_answer" if call.status is None else str(call.status)
        recorder.observe("discord.rest", call.seconds, route=call.route, outcome=outcome)
        if call.status in INVALID_STATUSES and not call.shared:
            recorder.add("discord.invalid", status=call.status)
        performance.debug(
            "Discord call: %s.",
            outcome,
            extra={"action": "discord.call", "route": call.route, "seconds": call.seconds},
        )

    return observe
