"""Carries out the effect "answer a member": writes the reply, and falls back where it cannot."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from dbsbm.commands.reply import message_body
from dbsbm.db import outbox
from dbsbm.db.engine import Database
from dbsbm.db.models import Effect
from dbsbm.delivery.attempts import Attempts
from dbsbm.delivery.posted import Posted
from dbsbm.delivery.rest import DiscordRest, Image, ReplyGone, TokenExpired
from dbsbm.errors import PermanentError, TransientError
from dbsbm.wire.seal import Sealer

log = logging.getLogger(__name__)

# The bot defers and enqueues at the same time: a fast worker may be first.
DEFER_GRACE = timedelta(seconds=8)
# A token lives for 15 minutes of Discord's clock. Ours may be wrong, so it is tried for longer.
TOKEN_TRIED = timedelta(hours=2)

# Told of each answer: the command, and when it was given.
OnAnswered = Callable[[str, datetime], None]

NOT_DRAWN = "Bet #{bet} is on record, but its slip could not be drawn. `/slip` may show it later."


class Delivery:
    """Delivers answers. Doing it twice shows one message."""

    def __init__(
        self,
        database: Database,
        discord: DiscordRest,
        sealer: Sealer,
        image_of: Callable[[int], bytes],
        *,
        posted: Posted,
        sandbox: bool,
        performance_of: Callable[[datetime, datetime], bytes] | None = None,
        on_answered: OnAnswered | None = None,
    ) -> None:
        """Describe where answers go.

        Args:
            database: Where they are promised.
            discord: Discord's REST API.
            sealer: Opens the interactions' tokens.
            image_of: Draws a bet's slip.
            posted: Remembers posts.
            sandbox: Every answer says that the games are made up.
            performance_of: Draws how the fleet did between two times.
            on_answered: Told of each answer that Discord took.
        """
        self._database = database
        self._attempts = Attempts(
            database,
            lost="An answer could not be delivered",
            action="discord.dead_letter",
        )
        self._discord = discord
        self._sealer = sealer
        self._image_of = image_of
        self._posted = posted
        self._sandbox = sandbox
        self._performance_of = performance_of
        self._on_answered = on_answered

    def deliver(self, effect_id: int) -> str:
        """Deliver one effect; returns `reply`, `channel`, `done already` or `dead`.

        Raises:
            TransientError: Not now; the effect stays in the outbox.
        """
        return self._attempts.carry_out(effect_id, self._deliver)

    def _deliver(self, effect_id: int) -> str:
        with self._database.read() as session:
            effect = session.get(Effect, effect_id)
        if effect is None or effect.state != "pending":
            return "done already"
        where, message_id = self._write(effect)
        if self._on_answered is not None:
            to = effect.payload["to"]
            # An answer that an older version promised does not say whose it is.
            command = to.get("command", "unknown")
            self._on_answered(command, datetime.fromisoformat(to["created_at"]))
        self._finish(effect_id, where, message_id)
        return where

    def _write(self, effect: Effect) -> tuple[str, int]:
        payload = effect.payload
        to = payload["to"]
        image = self._drawn(payload)
        if image is None and payload["bet_id"] is not None:
            payload = {**payload, "content": NOT_DRAWN.format(bet=payload["bet_id"])}
        body = message_body(payload, sandbox=self._sandbox)
        now = datetime.now(UTC)
        if now - datetime.fromisoformat(to["created_at"]) < TOKEN_TRIED:
            try:
                token = self._sealer.open(to["token"])
                return "reply", self._discord.edit_reply(to["application_id"], token, body, image)
            except TokenExpired:
                pass
            except ReplyGone:
                if now - effect.created_at < DEFER_GRACE:
                    raise TransientError("The reply is not there yet.", retry_after=0.5) from None
        if to["ephemeral"]:
            raise PermanentError("The reply expired, and only the member may see the answer.")
        return "channel", self._post(effect.id, to, body, image)

    def _post(
        self, effect_id: int, to: dict[str, Any], body: dict[str, Any], image: Image | None
    ) -> int:
        """Post in the channel, unless that was done already."""
        if (known := self._posted.recall(effect_id)) is not None:
            return known
        # In the channel nobody sees whose command it answers, so the message says so.
        body["content"] = f"<@{to['user_id']}> {body['content']}".strip()
        body["allowed_mentions"] = {"parse": [], "users": [str(to["user_id"])]}
        message_id = self._discord.post_message(
            to["channel_id"], body, image, nonce=f"dbsbm-{effect_id}"
        )
        self._posted.remember(effect_id, message_id)
        return message_id

    def _drawn(self, payload: dict[str, Any]) -> Image | None:
        """What goes along; None where it cannot be drawn, for which no member should wait."""
        try:
            return self._image(payload)
        except (TransientError, PermanentError):
            raise
        except Exception:
            log.exception(
                "A picture cannot be drawn: its answer goes out without it.",
                extra={"action": "delivery.not_drawn", "bet_id": payload["bet_id"]},
            )
            return None

    def _image(self, payload: dict[str, Any]) -> Image | None:
        if payload["bet_id"] is not None:
            return Image("slip.png", self._image_of(payload["bet_id"]))
        span = payload.get("performance")
        if span is None or self._performance_of is None:
            return None
        since, until = map(datetime.fromisoformat, span)
        return Image("performance.png", self._performance_of(since, until))

    def _finish(self, effect_id: int, where: str, message_id: int) -> None:
        def write(session: Session) -> None:
            outbox.finish(session, effect_id, {"where": where, "message_id": str(message_id)})
            effect = session.get_one(Effect, effect_id)
            # Nobody needs the token any more, not even sealed.
            effect.payload = _without_token(effect.payload)

        self._database.transact(write)
        log.info(
            "Delivered as %s.",
            where,
            extra={"action": "discord.delivered", "effect_id": effect_id},
        )


def _without_token(payload: dict[str, Any]) -> dict[str, Any]:
    return {**payload, "to": {**payload["to"], "token": ""}}
