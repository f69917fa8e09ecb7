"""Runs a command exactly once, and answers it whatever happens.

The interaction's row, the command's own writes and the promise of an answer are one transaction. A
second delivery of the same interaction finds the row and does nothing; the outbox sees the answer
through. A refusal rolls the command's writes back and keeps the answer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy.orm import Session

from dbsbm.betting.text import clean_name
from dbsbm.commands.reply import Reply, effect_payload
from dbsbm.db import outbox
from dbsbm.db.engine import Database
from dbsbm.db.models import Guild, Interaction, Member
from dbsbm.errors import UserError
from dbsbm.wire.command import Command

log = logging.getLogger(__name__)

Outcome = Literal["done", "refused", "failed", "duplicate"]
Work = Callable[[Session, Guild, Member], Reply]

RENDER_TASK = "tasks.slips.render"
DELIVER_TASK = "tasks.discord.deliver"
DRAWN_TASK = "tasks.reports.deliver"


def run(database: Database, command: Command, trace_id: str, work: Work) -> Outcome:
    """Run a command's work in the transaction that records it.

    Args:
        database: Where everything is written.
        command: What the member asked.
        trace_id: Written into every row.
        work: The command; it uses the session only, and may raise UserError to refuse.

    Raises:
        TransientError: The database is away; nothing was written.
    """

    def transaction(session: Session) -> Outcome:
        if session.get(Interaction, command.interaction_id) is not None:
            return "duplicate"
        guild, member = _people(session, command)
        outcome: Outcome = "done"
        try:
            with session.begin_nested():
                reply = work(session, guild, member)
        except UserError as refusal:
            outcome, reply = "refused", Reply(str(refusal))
        _record(session, command, trace_id, outcome, reply)
        return outcome

    outcome = database.transact(transaction)
    log.info(
        "/%s was %s.",
        command.name,
        outcome,
        extra={"action": f"command.{outcome}", "interaction_id": command.interaction_id},
    )
    return outcome


def answer(
    database: Database, command: Command, trace_id: str, reply: Reply, outcome: Outcome = "done"
) -> Outcome:
    """Record a command that wrote nothing of its own, and promise its answer."""

    def transaction(session: Session) -> Outcome:
        if session.get(Interaction, command.interaction_id) is not None:
            return "duplicate"
        _record(session, command, trace_id, outcome, reply)
        return outcome

    return database.transact(transaction)


def is_handled(database: Database, command: Command) -> bool:
    """True where the command is recorded: spares a second delivery its slow work."""
    with database.read() as session:
        return session.get(Interaction, command.interaction_id) is not None


def apologise(database: Database, command: Command, trace_id: str) -> None:
    """Answer a command that failed by a fault of ours."""
    reply = Reply(
        f"Something went wrong on our side, and your /{command.name} was not carried out. "
        f"Please try again; if it happens again, give an operator this code: `{trace_id}`."
    )
    answer(database, command, trace_id, reply, "failed")


def _record(session: Session, command: Command, trace_id: str, outcome: str, reply: Reply) -> None:
    session.add(
        Interaction(
            id=command.interaction_id,
            guild_id=command.guild_id,
            user_id=command.user_id,
            command=command.name[:32],
            trace_id=trace_id,
            outcome=outcome,
            created_at=command.created,
            handled_at=datetime.now(UTC),
        )
    )
    outbox.add(
        session,
        dedupe_key=f"reply:{command.interaction_id}",
        task=_deliverer(reply),
        payload=effect_payload(command, reply),
        trace_id=trace_id,
    )


def _deliverer(reply: Reply) -> str:
    """The task that delivers an answer: what has to be drawn goes where pictures are drawn."""
    if reply.performance is not None:
        return DRAWN_TASK
    return DELIVER_TASK if reply.bet_id is None else RENDER_TASK


def _people(session: Session, command: Command) -> tuple[Guild, Member]:
    """The guild and the member, created or renamed where needed."""
    now = datetime.now(UTC)
    guild = session.get(Guild, command.guild_id)
    if guild is None:
        guild = Guild(id=command.guild_id, name="", created_at=now, updated_at=now)
        session.add(guild)
    if command.guild_name and guild.name != command.guild_name[:100]:
        guild.name, guild.updated_at = command.guild_name[:100], now
    session.flush()
    member = session.get(Member, (command.guild_id, command.user_id))
    if member is None:
        member = Member(guild_id=command.guild_id, user_id=command.user_id, created_at=now)
        session.add(member)
    name = clean_name(command.user_name)
    if (member.display_name, member.avatar) != (name, command.user_avatar):
        member.display_name, member.avatar = name, command.user_avatar
        member.updated_at = now
    session.flush()
    return guild, member
