"""The buttons below an incident, as a worker carries them out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from dbsbm.commands import handle, incidents
from dbsbm.db.engine import Database
from dbsbm.db.models import AlertSilence, Effect, Incident
from dbsbm.wire.command import Command
from tests.integration.commands.requests import a_command
from tests.unit.delivery.an_incident import an_incident, over

TELL = "tasks.discord.incident"
WHO = "Ann (Discord 7)"


def press(database: Database, deed: str, **values: Any) -> str:
    """Press a button and return what its member reads."""
    options = {"incident": 12, "deed": deed}
    command = a_command(deed, options=options, ephemeral=True, **values)
    return carry_out(database, command)


def carry_out(database: Database, command: Command) -> str:
    handle.run(
        database, command, "trace", lambda session, _g, _m: incidents.decide(session, command, "t")
    )
    with database.read() as session:
        key = f"reply:{command.interaction_id}"
        return str(
            session.scalars(select(Effect).filter_by(dedupe_key=key)).one().payload["content"]
        )


def add(database: Database, incident: Incident) -> None:
    database.transact(lambda session: session.add(incident))


def promised(database: Database) -> int:
    with database.read() as session:
        return len(session.scalars(select(Effect).where(Effect.task == TELL)).all())


def silences(database: Database) -> list[AlertSilence]:
    with database.read() as session:
        return list(session.scalars(select(AlertSilence)))


def test_who_acknowledges_first_looks_after_it_and_the_message_says_so(database: Database) -> None:
    add(database, an_incident(channel_id=3))
    assert "You look after incident 12" in press(database, "acknowledge")
    later = press(database, "acknowledge", user_id=8, user_name="Ben")
    assert later == f"{WHO} looks after incident 12 already."
    with database.read() as session:
        incident = session.get_one(Incident, 12)
    assert (incident.acknowledged_by, incident.version) == (WHO, 2)
    assert promised(database) == 1


def test_a_press_that_is_delivered_twice_counts_once(database: Database) -> None:
    add(database, an_incident(channel_id=3))
    command = a_command("silence", options={"incident": 12, "deed": "silence"})
    carry_out(database, command)
    carry_out(database, command)
    assert len(silences(database)) == 1


def test_an_hour_of_silence_is_about_the_incidents_own_series(database: Database) -> None:
    add(database, an_incident(channel_id=3, series="queue=images"))
    answer = press(database, "silence")
    assert answer.startswith("Nothing new of `slow-queries` (queue=images) is told before <t:")
    (silence,) = silences(database)
    assert (silence.rule, silence.series, silence.by) == ("slow-queries", "queue=images", WHO)
    left = silence.until - datetime.now(UTC)
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    assert promised(database) == 1, "the message will say so"


def test_a_second_press_adds_no_second_silence(database: Database) -> None:
    add(database, an_incident(channel_id=3))
    assert press(database, "silence") == press(database, "silence", user_id=8)
    assert (len(silences(database)), promised(database)) == (1, 1)


@pytest.mark.parametrize("deed", ["acknowledge", "silence"])
@pytest.mark.parametrize("channel", [None, 99])
def test_a_message_of_another_database_decides_nothing(
    database: Database, deed: str, channel: int | None
) -> None:
    if channel is not None:
        add(database, an_incident(channel_id=channel))
    assert press(database, deed) == "Incident 12 is not on record any more."
    assert (silences(database), promised(database)) == ([], 0)


def test_what_is_over_needs_nobody(database: Database) -> None:
    add(database, over(channel_id=3))
    assert press(database, "acknowledge") == "Incident 12 is over already."
