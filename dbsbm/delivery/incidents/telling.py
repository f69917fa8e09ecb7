"""Carries out the effect "tell of an incident": one message, edited as the incident changes.

A worker may die anywhere, also between Discord's answer and the commit that would remember it; then
`posting` finds the message again. Whoever finds a message that way cannot know which version it
shows, and edits it.

Two workers may tell of two versions at once, and their edits may arrive in any order. Whoever ends
second sees it and edits once more.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from dbsbm.db import outbox
from dbsbm.db.engine import Database
from dbsbm.db.models import AlertSilence, Effect, Incident
from dbsbm.delivery.attempts import Attempts
from dbsbm.delivery.incidents import message
from dbsbm.delivery.incidents.webhook import WEBHOOK_TASK
from dbsbm.delivery.posted import Posted
from dbsbm.delivery.posting import Post, Poster, name_of
from dbsbm.delivery.rest import DiscordRest, ReplyGone
from dbsbm.errors import TransientError
from dbsbm.monitor.alerts import silences

log = logging.getLogger(__name__)

Outcome = Literal["told", "told already", "deleted", "not set", "gone", "dead", "done already"]

# A message that somebody deleted is posted anew once: whoever deletes it again means it.
_MOST_POSTS = 2
_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class _Turn:
    """What one attempt tells: the incident as it was when the attempt began.

    Attributes:
        incident: The row, read in the attempt's own transaction.
        silence: The one about it that is on.
        channel_id: Where its message is, or is to be.
        is_first: No attempt to post it was begun before.
    """

    incident: Incident
    silence: AlertSilence | None
    channel_id: int
    is_first: bool

    @property
    def post(self) -> Post:
        """The message, as what is to be in the channel once."""
        incident = self.incident
        return Post(
            name=name_of("i", incident.id, incident.posts, incident.started_at.isoformat()),
            channel_id=self.channel_id,
            begun_at=incident.posting_at or datetime.now(UTC),
            is_first=self.is_first,
            shows=partial(message.shows, incident=incident),
        )


class Telling:
    """Tells of incidents in one channel. Doing it twice shows one message."""

    def __init__(
        self,
        database: Database,
        discord: DiscordRest,
        *,
        posted: Posted,
        channel_id: int | None,
        style: message.Style,
        has_webhook: bool,
    ) -> None:
        """Describe where incidents are told of.

        Args:
            database: Where they are.
            discord: Logged in as the bot.
            posted: Remembers posts.
            channel_id: The alert channel; None tells nothing in Discord.
            style: What the operator decided about messages.
            has_webhook: Whether each version is promised to the webhook as well.
        """
        self._database = database
        self._attempts = Attempts(
            database,
            lost="An incident could not be told",
            action="incident.dead_letter",
            where=f"Channel {channel_id} (ALERT_CHANNEL_ID) was not told: ",
        )
        self._discord = discord
        self._poster = Poster(discord, posted)
        self._channel_id = channel_id
        self._style = style
        self._has_webhook = has_webhook

    def deliver(self, effect_id: int) -> Outcome:
        """Deliver one effect: the message then shows the newest version there is.

        Raises:
            TransientError: Not now; the effect stays in the outbox.
        """
        return self._attempts.carry_out(effect_id, self._deliver)

    def _deliver(self, effect_id: int) -> Outcome:
        outcome = self._outcome(effect_id)
        log.info(
            "Telling of an incident: %s.",
            outcome,
            extra={"action": "incident.told", "effect_id": effect_id, "outcome": outcome},
        )
        return outcome

    def _outcome(self, effect_id: int) -> Outcome:
        for _ in range(_ROUNDS):
            turn = self._database.transact(lambda s: self._begin(s, effect_id))
            if not isinstance(turn, _Turn):
                return turn
            try:
                message_id = self._tell(turn)
            except ReplyGone:
                if turn.incident.posts >= _MOST_POSTS:
                    return self._finish(effect_id, "deleted")
                self._forget(turn)
                continue
            if self._end(effect_id, turn, message_id):
                return "told"
        raise TransientError("The incident changes faster than its message.", retry_after=1.0)

    # --- what is written before and after ---------------------------------------------------------

    def _begin(self, session: Session, effect_id: int) -> _Turn | Outcome:
        effect = session.get(Effect, effect_id)
        if effect is None or effect.state != "pending":
            return "done already"
        incident = session.get(Incident, effect.payload["incident_id"], with_for_update=True)
        if incident is None:
            return _done(session, effect_id, "gone")
        self._promise_webhook(session, incident, effect.trace_id)
        if self._channel_id is None:
            return _done(session, effect_id, "not set")
        # An attempt that died may have an edit under way, of a version that is older by now.
        was_begun = effect.result is not None
        if incident.told_version >= incident.version and not was_begun:
            return _done(session, effect_id, "told already")
        effect.result = {"begun": True}
        return _turn(incident, silences.of(session, incident), self._channel_id)

    def _promise_webhook(self, session: Session, incident: Incident, trace_id: str) -> None:
        """Beside the message, so that neither waits for the other."""
        key = f"incident-webhook:{incident.id}:{incident.version}"
        if not self._has_webhook or session.scalar(select(Effect.id).filter_by(dedupe_key=key)):
            return
        payload = {"incident_id": incident.id, "version": incident.version}
        outbox.add(session, dedupe_key=key, task=WEBHOOK_TASK, payload=payload, trace_id=trace_id)

    def _end(self, effect_id: int, turn: _Turn, message_id: int) -> bool:
        """Write down what the message shows; False where another attempt may have come between."""

        def write(session: Session) -> bool:
            incident = session.get(Incident, turn.incident.id, with_for_update=True)
            if incident is not None:
                if incident.message_id is None:
                    incident.channel_id, incident.message_id = turn.channel_id, message_id
                if incident.told_version > turn.incident.version:
                    return False
                incident.told_version = turn.incident.version
            result = {"where": "channel", "message_id": str(message_id)}
            outbox.finish(session, effect_id, result)
            return True

        return self._database.transact(write)

    def _forget(self, turn: _Turn) -> None:
        """The message was deleted: let the next round post another."""

        def write(session: Session) -> None:
            incident = session.get(Incident, turn.incident.id, with_for_update=True)
            if incident is not None and incident.posts == turn.incident.posts:
                incident.message_id, incident.posts = None, incident.posts + 1
                incident.posting_at = datetime.now(UTC)

        self._database.transact(write)

    def _finish(self, effect_id: int, outcome: Outcome) -> Outcome:
        return self._database.transact(lambda session: _done(session, effect_id, outcome))

    # --- what Discord is asked --------------------------------------------------------------------

    def _tell(self, turn: _Turn) -> int:
        """Make the message show the turn's version; returns its id.

        Raises:
            ReplyGone: Somebody deleted the message.
        """
        body, post = message.body(turn.incident, self._style, turn.silence), turn.post
        message_id = turn.incident.message_id or self._poster.find(post)
        if message_id is None:
            message_id = self._poster.post(post, body)
            if turn.is_first:
                return message_id
        self._discord.edit_message(turn.channel_id, message_id, body)
        return message_id


def _turn(incident: Incident, silence: AlertSilence | None, channel_id: int) -> _Turn:
    """Begin an attempt. A message that is there stays where it is, whatever channel is set now."""
    if incident.message_id is not None:
        return _Turn(incident, silence, incident.channel_id or channel_id, is_first=False)
    is_first = not incident.posts
    incident.posts = incident.posts or 1
    if is_first or incident.channel_id != channel_id:
        incident.channel_id, incident.posting_at = channel_id, datetime.now(UTC)
    return _Turn(incident, silence, channel_id, is_first)


def _done(session: Session, effect_id: int, outcome: Outcome) -> Outcome:
    outbox.finish(session, effect_id, {"where": "nowhere", "reason": outcome})
    return outcome
