"""The workers' side of an incident: posts it, and carries out what a member decides."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session

from dbsbm.commands import handle, incidents
from dbsbm.db.engine import Database
from dbsbm.db.models import Effect, Incident
from dbsbm.delivery.incidents.message import Style
from dbsbm.delivery.incidents.telling import Telling
from dbsbm.delivery.posted import Posted
from dbsbm.delivery.rest import DiscordRest
from dbsbm.monitor.alerts.incidents import tell
from dbsbm.sandbox.discord.client import Place
from dbsbm.wire.incident_buttons import Deed, custom_id
from tests.unit.delivery.an_incident import an_incident

if TYPE_CHECKING:
    from dbsbm.wire.command import Command
    from tests.integration.bot.test_process import Front

CHANNEL = "slips"
TOKEN = "MTMy.standin.a-token-of-its-own"


class AlertRoom:
    """One incident in a database of its own, told in a channel of the stand-in."""

    def __init__(self, front: Front, database_url: str) -> None:
        self._front = front
        self._database = Database(SecretStr(database_url))
        channels = front.discord.state()["guilds"][0]["channels"]
        self.channel_id = next(int(c["id"]) for c in channels if c["name"] == CHANNEL)
        self._rest = DiscordRest(f"{front.discord.url}/api/v10", SecretStr(TOKEN))
        self._telling = Telling(
            self._database,
            self._rest,
            posted=Posted(front.broker.client()),
            channel_id=self.channel_id,
            style=Style(),
            has_webhook=False,
        )

    def __enter__(self) -> Self:
        self._database.transact(_begin)
        return self

    def __exit__(self, *_error: object) -> None:
        self._rest.close()
        self._database.dispose()

    def tell(self) -> None:
        """Deliver what is promised, as a worker does."""
        with self._database.read() as session:
            due = session.scalars(
                select(Effect.id).where(
                    Effect.state == "pending", Effect.task == "tasks.discord.incident"
                )
            ).all()
        assert [self._telling.deliver(each) for each in due] == ["told"]

    def press(self, deed: Deed, member: str) -> str:
        """Press a button below the message and return the interaction."""
        with self._database.read() as session:
            message_id = str(session.get_one(Incident, 12).message_id)
        place = Place(channel=CHANNEL, member=member)
        return self._front.discord.click(message_id, custom_id(12, deed), place)

    def carry_out(self, command: Command) -> None:
        """Do what a worker does with a press."""
        handle.run(
            self._database, command, "t", lambda s, _g, _m: incidents.decide(s, command, "t")
        )


def _begin(session: Session) -> None:
    now = datetime.now(UTC)
    incident = an_incident(started_at=now, version=0)
    session.add(incident)
    tell(session, incident, now, trace_id="t")
