"""An answer, before it is sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dbsbm.wire.command import Command

SANDBOX_NOTE = "-# Sandbox: these games and odds are made up."


@dataclass(frozen=True, slots=True)
class Reply:
    """What the member will read.

    Attributes:
        content: Text, 2,000 characters at most.
        embeds: Discord embeds.
        components: Rows of buttons.
        bet_id: The bet whose slip goes with it, or None.
        performance: The span whose picture goes with it, or None.
    """

    content: str = ""
    embeds: tuple[dict[str, Any], ...] = field(default=())
    bet_id: int | None = None
    performance: tuple[datetime, datetime] | None = None
    components: tuple[dict[str, Any], ...] = field(default=())


def effect_payload(command: Command, reply: Reply) -> dict[str, Any]:
    """The outbox payload of an answer: what to say, and where."""
    return {
        "to": {
            "application_id": command.application_id,
            "token": command.reply_token,
            "interaction_id": command.interaction_id,
            "channel_id": command.channel_id,
            "user_id": command.user_id,
            "created_at": command.created_at,
            "command": command.name,
            "ephemeral": command.ephemeral,
        },
        "content": reply.content,
        "embeds": list(reply.embeds),
        "components": list(reply.components),
        "bet_id": reply.bet_id,
        "performance": reply.performance and [at.isoformat() for at in reply.performance],
    }


def message_body(payload: dict[str, Any], *, sandbox: bool) -> dict[str, Any]:
    """Discord's message for a payload. It pings nobody."""
    content = payload["content"]
    if sandbox:
        content = f"{content[:1900]}\n{SANDBOX_NOTE}".strip()
    body = {
        "content": content,
        "embeds": payload["embeds"],
        "allowed_mentions": {"parse": []},
    }
    # An answer that an older version promised does not say whether it has buttons.
    return body | {"components": rows} if (rows := payload.get("components")) else body
