"""What a member decides about an incident by a button below its message."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from dbsbm.betting.text import clean_name
from dbsbm.commands.reply import Reply
from dbsbm.db.models import Incident
from dbsbm.errors import UserError
from dbsbm.monitor.alerts import incidents, silences
from dbsbm.wire.command import Command
from dbsbm.wire.incident_buttons import Deed

SILENCE = timedelta(hours=1)


def decide(session: Session, command: Command, trace_id: str) -> Reply:
    """Acknowledge or silence the incident that a button belongs to.

    Raises:
        UserError: There is no such incident, it is over, or the message is not its own.
    """
    incident = _incident(session, command)
    who = f"{clean_name(command.user_name)} (Discord {command.user_id})"
    if command.options["deed"] == Deed.ACKNOWLEDGE:
        return _acknowledge(session, incident, who, trace_id)
    return _silence(session, incident, who, trace_id)


def _incident(session: Session, command: Command) -> Incident:
    number = int(command.options["incident"])
    incident = session.get(Incident, number, with_for_update=True)
    # Numbers repeat in another database, and its messages may still be there.
    if incident is None or incident.channel_id not in {None, command.channel_id}:
        raise UserError(f"Incident {number} is not on record any more.")
    return incident


def _acknowledge(session: Session, incident: Incident, who: str, trace_id: str) -> Reply:
    found = incidents.acknowledge(session, incident.id, by=who, trace_id=trace_id)
    if found.acknowledged_by != who:
        return Reply(f"{found.acknowledged_by} looks after incident {found.id} already.")
    return Reply(f"You look after incident {found.id} now; its message will say so.")


def _silence(session: Session, incident: Incident, who: str, trace_id: str) -> Reply:
    silence = silences.of(session, incident)
    if silence is None or silence.until < datetime.now(UTC) + SILENCE - timedelta(minutes=1):
        silence = silences.add(
            session,
            incident.rule,
            series=incident.series,
            length=SILENCE,
            by=who,
            reason=f"incident {incident.id}",
            trace_id=trace_id,
        )
    until = f"<t:{int(silence.until.timestamp())}:t>"
    return Reply(f"Nothing new of {_name(incident)} is told before {until}.")


def _name(incident: Incident) -> str:
    return f"`{incident.rule}`" + (f" ({incident.series})" if incident.series else "")
