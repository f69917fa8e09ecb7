"""The report of the day, posted once into the operators' channel."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from dbsbm.db import outbox
from dbsbm.db.engine import Database
from dbsbm.db.models import Effect
from dbsbm.delivery.attempts import Attempts
from dbsbm.delivery.posted import Posted
from dbsbm.delivery.posting import Post, Poster, name_of
from dbsbm.delivery.rest import DiscordRest, Image
from dbsbm.errors import PermanentError, TransientError
from dbsbm.monitor.report.embed import embed
from dbsbm.monitor.report.model import Report

log = logging.getLogger(__name__)

POST_TASK = "tasks.reports.post"

Outcome = Literal["posted", "done already", "dead"]


def is_promised(session: Session, day: date) -> bool:
    """Whether the report of a day was promised before."""
    found = session.scalar(select(Effect.id).where(Effect.dedupe_key == _key(day)))
    return found is not None


def promise(session: Session, report: Report, day: date, *, trace_id: str) -> bool:
    """Promise to post the report of a day; False where that was done before."""
    if is_promised(session, day):
        return False
    outbox.add(
        session,
        dedupe_key=_key(day),
        task=POST_TASK,
        payload={
            "embed": embed(report, f"Daily report, {day:%A, %-d %B %Y}"),
            "since": report.span.since.isoformat(),
            "until": report.span.until.isoformat(),
            "is_drawn": not report.is_empty,
        },
        trace_id=trace_id,
    )
    return True


def _key(day: date) -> str:
    return f"report:{day.isoformat()}"


class DailyReport:
    """Posts reports. Doing it twice shows one message."""

    def __init__(
        self,
        database: Database,
        discord: DiscordRest,
        *,
        posted: Posted,
        channel_id: int | None,
        performance_of: Callable[[datetime, datetime], bytes],
    ) -> None:
        """Describe where reports go.

        Args:
            database: Where they are promised.
            discord: Logged in as the bot.
            posted: Remembers posts.
            channel_id: The operators' channel.
            performance_of: Draws how the fleet did between two times.
        """
        self._database = database
        self._attempts = Attempts(
            database,
            lost="The report of the day is given up",
            action="report.dead_letter",
            where=f"The report of the day could not be posted in {channel_id}: ",
        )
        self._poster = Poster(discord, posted)
        self._channel_id = channel_id
        self._performance_of = performance_of

    def deliver(self, effect_id: int) -> Outcome:
        """Post the report that an effect holds.

        Raises:
            TransientError: Not now; the effect stays in the outbox.
        """
        return self._attempts.carry_out(effect_id, self._deliver)

    def _deliver(self, effect_id: int) -> Outcome:
        effect, is_first = self._database.transact(lambda session: _begin(session, effect_id))
        if effect is None:
            return "done already"
        message_id = self._post(effect, is_first=is_first)
        result = {"where": "channel", "message_id": str(message_id)}
        self._database.transact(lambda session: outbox.finish(session, effect_id, result))
        log.info(
            "The report of the day is posted.",
            extra={"action": "report.posted", "effect_id": effect_id},
        )
        return "posted"

    def _post(self, effect: Effect, *, is_first: bool) -> int:
        """Post it, unless an earlier attempt did so and died before it could say so."""
        if self._channel_id is None:
            raise PermanentError("ALERT_CHANNEL_ID is no longer set.")
        post = Post(
            name=name_of("r", effect.dedupe_key, effect.created_at.isoformat()),
            channel_id=self._channel_id,
            begun_at=effect.created_at,
            is_first=is_first,
            shows=partial(_shows, effect),
        )
        known = self._poster.find(post)
        if known is not None:
            return known
        return self._poster.post(post, _message(effect), self._drawn(effect))

    def _drawn(self, effect: Effect) -> Image | None:
        """The picture; None where it cannot be drawn: the report goes out without it."""
        if not effect.payload["is_drawn"]:
            return None
        since, until = (datetime.fromisoformat(effect.payload[name]) for name in ("since", "until"))
        try:
            return Image(f"report-{until:%Y-%m-%d}.png", self._performance_of(since, until))
        except TransientError:
            raise
        except Exception:
            log.exception(
                "A picture cannot be drawn: the report goes out without it.",
                extra={"action": "report.not_drawn"},
            )
            return None


def _begin(session: Session, effect_id: int) -> tuple[Effect | None, bool]:
    """The effect and whether this is its first attempt; None where nothing is left to do."""
    effect = session.get(Effect, effect_id, with_for_update=True)
    if effect is None or effect.state != "pending":
        return None, False
    is_first = effect.result is None
    effect.result = {"begun": datetime.now(UTC).isoformat()}
    return effect, is_first


def _shows(effect: Effect, message: Mapping[str, Any]) -> bool:
    title = effect.payload["embed"]["title"]
    return any(each.get("title") == title for each in message.get("embeds") or ())


def _message(effect: Effect) -> dict[str, Any]:
    return {
        "content": "",
        "embeds": [effect.payload["embed"]],
        "allowed_mentions": {"parse": []},
    }
