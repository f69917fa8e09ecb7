"""One message an incident, whatever Discord answers and whoever dies on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from dbsbm.db import outbox
from dbsbm.db.engine import Database
from dbsbm.db.models import AlertSilence, DeadLetter, Effect, Incident
from dbsbm.delivery.incidents.message import GREEN, RED, Style
from dbsbm.delivery.incidents.telling import Telling
from dbsbm.delivery.posted import Posted
from dbsbm.delivery.rest import DiscordRest
from dbsbm.errors import TransientError
from dbsbm.monitor.alerts import incidents, silences
from tests.integration.delivery.standin import LONGER_THAN_A_NONCE, TOKEN, ServedDiscord
from tests.servers import ValkeyServer

POST = "POST /channels/{channel_id}/messages"
PATCH = "PATCH /channels/{channel_id}/messages/{message_id}"


ON_BOTH = pytest.mark.parametrize("migrated_url", ["sqlite", "mariadb"], indirect=True)
"""For what depends on how a database locks; SQL alone is no reason to run everything twice."""


@pytest.fixture
def migrated_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(f"migrated_{getattr(request, 'param', 'sqlite')}_url")
    return url


Tell = Callable[..., Telling]


@pytest.fixture
def tell(database: Database, discord: ServedDiscord, valkey_broker: ValkeyServer) -> Iterator[Tell]:
    """Makes what a worker tells of incidents with."""
    opened = []

    def make(**values: Any) -> Telling:
        token = values.pop("token", SecretStr(TOKEN))
        kind = values.pop("rest", DiscordRest)
        rest = kind(discord.api_url, token, patience=values.pop("patience", 10.0))
        opened.append(rest)
        options = {
            "posted": Posted(valkey_broker.client()),
            "channel_id": discord.channel_id,
            "style": Style(),
            "has_webhook": False,
        }
        return Telling(values.pop("database", database), rest, **options | values)

    yield make
    for rest in opened:
        rest.close()


def begin(database: Database, **values: Any) -> int:
    """An incident that fires now, promised to be told of; returns the effect."""

    def write(session: Any) -> None:
        now = datetime.now(UTC)
        fields = {
            "rule": "slow",
            "series": "queue=images",
            "severity": "page",
            "state": "firing",
            "effect": "Members wait.",
            "runbook": "slow",
            "unit": "s",
            "started_at": now,
            "fired_at": now,
            "value": 2.0,
            "worst": 3.0,
            "threshold": 1.0,
            "evidence": {},
            "version": 0,
            "told_version": 0,
            "updated_at": now,
        }
        incident = Incident(**fields | values)
        session.add(incident)
        session.flush()
        incidents.tell(session, incident, now, trace_id="t")

    database.transact(write)
    return newest_effect(database)


def change(database: Database, **values: Any) -> int:
    """A later version of the incident; returns its effect."""

    def write(session: Any) -> None:
        incident = session.scalars(select(Incident)).one()
        for name, value in values.items():
            setattr(incident, name, value)
        incidents.tell(session, incident, datetime.now(UTC), trace_id="t")

    database.transact(write)
    return newest_effect(database)


def resolve(database: Database) -> int:
    end = the_incident(database).started_at + timedelta(minutes=5)
    return change(database, state="resolved", resolved_at=end, resolution="recovered")


def newest_effect(database: Database) -> int:
    with database.read() as session:
        return session.scalars(select(Effect.id).order_by(Effect.id.desc())).first() or 0


def the_incident(database: Database) -> Incident:
    with database.read() as session:
        return session.scalars(select(Incident)).one()


def effect_of(database: Database, effect_id: int) -> Effect:
    with database.read() as session:
        return session.get_one(Effect, effect_id)


def test_an_incident_is_posted_and_the_row_knows_its_message(
    database: Database, discord: ServedDiscord, tell: Tell
) -> None:
    effect_id = begin(database)
    assert tell(style=Style(page_role_id=77)).deliver(effect_id) == "told"
    (message,) = discord.messages()
    assert message.embeds[0]["title"] == "Members wait."
    assert (message.embeds[0]["color"], message.content) == (RED, "<@&77>")
    incident = the_incident(database)
    assert message.custom_ids() == [
        f"incident:{incident.id}:acknowledge",
        f"incident:{incident.id}:silence",
    ]
    assert (incident.channel_id, incident.message_id) == (discord.channel_id, int(message.id))
    assert (incident.version, incident.told_version, incident.posts) == (1, 1, 1)
    effect = effect_of(database, effect_id)
    assert (effect.state, effect.result) == (
        "done",
        {"where": "channel", "message_id": message.id},
    )


@ON_BOTH
def test_its_message_is_edited_until_it_says_how_long_and_how_bad_and_nothing_is_sent_twice(
    database: Database, discord: ServedDiscord, tell: Tell
) -> None:
    telling = tell()
    effects = [begin(database)]
    telling.deliver(effects[0])
    effects.append(change(database, worst=9.0))
    telling.deliver(effects[1])
    (message,) = discord.messages()
    assert "9 s at worst" in message.embeds[0]["description"]
    effects.append(resolve(database))
    telling.deliver(effects[2])
    before = discord.counts()
    assert [telling.deliver(each) for each in effects] == ["done already"] * 3
    assert discord.counts() == before
    (message,) = discord.messages()
    assert message.embeds[0]["color"] == GREEN
    assert "lasted **5 min**, **9 s** at worst" in message.embeds[0]["description"]
    assert message.custom_ids() == []
    assert message.embeds[0]["footer"]["text"].endswith("update 3")


def test_several_versions_become_the_newest(
    database: Database, discord: ServedDiscord, tell: Tell
) -> None:
    effects = [begin(database), change(database, worst=9.0), resolve(database)]
    before = discord.counts()
    assert [tell().deliver(each) for each in effects] == ["told", "told already", "told already"]
    (message,) = discord.messages()
    assert message.embeds[0]["color"] == GREEN
    after = discord.counts()
    assert (after[POST] - before.get(POST, 0), after.get(PATCH, 0)) == (1, before.get(PATCH, 0))


def test_its_message_says_who_silenced_it_and_until_when_for_as_long_as_that_is_so(
    database: Database, discord: ServedDiscord, tell: Tell
) -> None:
    tell().deliver(begin(database))
    assert "Silenced" not in _fields(discord)

    def add(session: Any) -> AlertSilence:
        hour = timedelta(hours=1)
        return silences.add(session, "slow", length=hour, by="Ann", reason="", trace_id="t")

    silence = database.transact(add)
    assert tell().deliver(newest_effect(database)) == "told"
    until = int(silence.until.timestamp())
    assert _fields(discord)["Silenced"] == f"Until <t:{until}:f> (<t:{until}:R>), by Ann"
    database.transact(lambda session: silences.end(session, silence.id, trace_id="t"))
    assert tell().deliver(newest_effect(database)) == "told"
    assert "Silenced" not in _fields(discord)


def _fields(discord: ServedDiscord) -> dict[str, str]:
    (message,) = discord.messages()
    return {each["name"]: each["value"] for each in message.embeds[0]["fields"]}


class Killed(BaseException):
    """A worker that is gone: nothing of its own catches this."""


class DiesAfterPosting(DiscordRest):
    """Posts, and never hears of it."""

    def post_message(self, *arguments: Any, **values: Any) -> int:
        super().post_message(*arguments, **values)
        raise Killed


class ForgetsItsCommit(Telling):
    """Posts, lets the broker remember it, and dies before the database does."""

    def _end(self, *_arguments: Any) -> bool:
        raise Killed


@pytest.mark.parametrize("later", [0.0, LONGER_THAN_A_NONCE])
@pytest.mark.parametrize("is_remembered", [False, True])
def test_a_message_that_was_posted_but_not_written_down_is_found_again(
    database: Database,
    discord: ServedDiscord,
    tell: Tell,
    valkey_broker: ValkeyServer,
    *,
    later: float,
    is_remembered: bool,
) -> None:
    effect_id = begin(database)
    victim = _forgetful(tell()) if is_remembered else tell(rest=DiesAfterPosting)
    with pytest.raises(Killed):
        victim.deliver(effect_id)
    assert bool(valkey_broker.client().keys("dbsbm:posted:i-*")) is is_remembered
    discord.ahead = later
    worse = change(database, worst=9.0)
    assert tell().deliver(worse) == tell().deliver(effect_id) == "told"
    (message,) = discord.messages()
    assert "9 s at worst" in message.embeds[0]["description"]
    assert the_incident(database).message_id == int(message.id)


def _forgetful(telling: Telling) -> Telling:
    telling.__class__ = ForgetsItsCommit
    return telling


def test_among_many_messages_it_is_found_too(
    database: Database, discord: ServedDiscord, tell: Tell
) -> None:
    effect_id = begin(database)
    with pytest.raises(Killed):
        tell(rest=DiesAfterPosting).deliver(effect_id)
    (first,) = discord.messages()
    rest = DiscordRest(discord.api_url, SecretStr(TOKEN))
    for number in range(120):
        rest.post_message(discord.channel_id, {"content": "x"}, None, nonce=f"x{number}")
    rest.close()
    discord.ahead = LONGER_THAN_A_NONCE
    worse = change(database, worst=9.0)
    assert tell().deliver(worse) == "told"
    assert the_incident(database).message_id == int(first.id)


def test_a_bot_that_may_not_read_the_channel_still_posts_once(
    database: Database, discord: ServedDiscord, tell: Tell
) -> None:
    effect_id = begin(database)
    with pytest.raises(Killed):
        tell(rest=DiesAfterPosting).deliver(effect_id)
    body = {"message": "Missing Permissions", "code": 50013}
    discord.client.add_fault(method="GET", route="*/messages", status=403, body=body)
    assert tell().deliver(effect_id) == "told"
    assert len(discord.messages()) == 1


_VICTIM = """
import os, signal, sys
from pydantic import SecretStr
import redis
from dbsbm.db.engine import Database
from dbsbm.delivery.incidents.message import Style
from dbsbm.delivery.incidents.telling import Telling
from dbsbm.delivery.posted import Posted
from dbsbm.delivery.rest import DiscordRest

database, broker, api, token, channel, effect, where = sys.argv[1:]
owner, name = {"memory": (Posted, "remember"), "commit": (Telling, "_end")}[where]
setattr(owner, name, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
Telling(
    Database(SecretStr(database)), DiscordRest(api, SecretStr(token)),
    posted=Posted(redis.Redis.from_url(broker)), channel_id=int(channel),
    style=Style(), has_webhook=False,
).deliver(int(effect))
"""


@ON_BOTH
@pytest.mark.parametrize("where", ["memory", "commit"])
def test_a_process_that_is_killed_between_post_and_commit_doubles_nothing(
    database: Database,
    migrated_url: str,
    discord: ServedDiscord,
    tell: Tell,
    valkey_broker: ValkeyServer,
    where: str,
) -> None:
    effect_id = begin(database)
    arguments = (migrated_url, valkey_broker.url, discord.api_url, TOKEN, discord.channel_id)
    victim = subprocess.run(
        [sys.executable, "-c", _VICTIM, *map(str, arguments), str(effect_id), where],
        check=False,
        env=os.environ,
    )
    assert victim.returncode == -signal.SIGKILL
    assert the_incident(database).message_id is None
    discord.ahead = LONGER_THAN_A_NONCE
    assert tell().deliver(effect_id) == "told"
    (message,) = discord.messages()
    assert the_incident(database).message_id == int(message.id)


@pytest.mark.parametrize(
    "fault",
    [
        {"drop": "after"},
        {"drop": "before"},
        {"status": 500},
        {"status": 503},
        {"delay": 0.4},
        {"status": 429, "retry_after": 30},
    ],
    ids=["answer lost", "request lost", "500", "503", "too slow", "429"],
)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_what_fails_is_done_by_the_next_attempt(
    database: Database, discord: ServedDiscord, tell: Tell, method: str, fault: dict[str, Any]
) -> None:
    effect_id = begin(database)
    if method == "PATCH":
        tell().deliver(effect_id)
        effect_id = change(database, worst=9.0)
    discord.client.add_fault(method=method, route="/channels/*", **fault)
    with pytest.raises(TransientError) as failed:
        tell(patience=0.2).deliver(effect_id)
    effect = effect_of(database, effect_id)
    assert effect.state == "pending"
    if fault.get("status") == 429:
        assert failed.value.retry_after == pytest.approx(30, abs=2)
        pause = effect.next_attempt_at - datetime.now(UTC)
        assert timedelta(seconds=20) < pause <= timedelta(seconds=30)
    assert tell().deliver(effect_id) == "told"
    assert len(discord.messages()) == 1


def test_a_short_rate_limit_is_waited_out(
    database: Database, discord: ServedDiscord, tell: Tell
) -> None:
    discord.client.add_fault(method="POST", status=429, retry_after=0.05, count=2)
    assert tell().deliver(begin(database)) == "told"


def test_a_message_that_was_deleted_is_posted_anew_once(
    database: Database, discord: ServedDiscord, tell: Tell
) -> None:
    tell().deliver(begin(database))
    discord.delete(the_incident(database).message_id or 0)
    assert tell().deliver(change(database, worst=9.0)) == "told"
    (message,) = discord.messages()
    assert "9 s at worst" in message.embeds[0]["description"]
    assert the_incident(database).message_id == int(message.id)
    discord.delete(int(message.id))
    assert tell().deliver(change(database, worst=99.0)) == "deleted"
    assert tell().deliver(resolve(database)) == "deleted"
    assert discord.messages() == []


def test_a_channel_that_the_bot_cannot_see_is_named_and_the_webhook_still_hears(
    database: Database, discord: ServedDiscord, tell: Tell
) -> None:
    effect_id = begin(database)
    telling = tell(channel_id=discord.closed_channel_id, has_webhook=True)
    assert telling.deliver(effect_id) == "dead"
    with database.read() as session:
        reason = session.scalars(select(DeadLetter)).one().reason
        webhook = session.scalars(select(Effect).where(Effect.id != effect_id)).one()
    assert f"{discord.closed_channel_id} (ALERT_CHANNEL_ID)" in reason
    assert "may not write" in reason
    assert (webhook.task, webhook.state) == ("tasks.incidents.webhook", "pending")
    # The operator sets another channel and replays the dead letter.
    database.transact(lambda session: outbox.replay(session, effect_id))
    assert tell().deliver(effect_id) == "told"
    assert len(discord.messages()) == 1


def test_without_a_channel_nothing_is_posted_and_that_is_said(
    database: Database, discord: ServedDiscord, tell: Tell
) -> None:
    effect_id = begin(database)
    assert tell(channel_id=None, has_webhook=True).deliver(effect_id) == "not set"
    effect = effect_of(database, effect_id)
    assert (effect.state, effect.result) == ("done", {"where": "nowhere", "reason": "not set"})
    assert effect_of(database, newest_effect(database)).task == "tasks.incidents.webhook"
    assert discord.messages() == []


def test_without_a_token_the_dead_letter_says_so(database: Database, tell: Tell) -> None:
    assert tell(token=None).deliver(begin(database)) == "dead"
    with database.read() as session:
        assert "DISCORD_TOKEN is missing" in session.scalars(select(DeadLetter)).one().reason


def test_each_version_is_promised_to_the_webhook_once(database: Database, tell: Tell) -> None:
    telling = tell(has_webhook=True)
    first = begin(database)
    telling.deliver(first)
    database.transact(lambda session: outbox.replay(session, first))
    telling.deliver(first)
    telling.deliver(change(database, worst=9.0))
    with database.read() as session:
        promised = session.scalars(
            select(Effect.payload).where(Effect.task == "tasks.incidents.webhook")
        ).all()
    assert [each["version"] for each in promised] == [1, 2]


@ON_BOTH
def test_an_older_edit_that_arrives_later_is_put_right(
    database: Database, discord: ServedDiscord, tell: Tell
) -> None:
    tell().deliver(begin(database))
    older = change(database, worst=9.0)
    overtaken = []

    class Slow(DiscordRest):
        def edit_message(self, *arguments: Any) -> None:
            if not overtaken:
                overtaken.append(tell().deliver(resolve(database)))
            super().edit_message(*arguments)

    assert tell(rest=Slow).deliver(older) == "told"
    assert overtaken == ["told"]
    (message,) = discord.messages()
    assert message.embeds[0]["color"] == GREEN


@ON_BOTH
def test_workers_that_tell_of_it_at_once_make_one_message_of_the_newest(
    database: Database, discord: ServedDiscord, tell: Tell
) -> None:
    effects = [begin(database), change(database, worst=9.0), resolve(database)] * 2
    with ThreadPoolExecutor(len(effects)) as workers:
        found = [workers.submit(tell().deliver, each) for each in effects]
        for each in found:
            each.result()
    (message,) = discord.messages()
    assert message.embeds[0]["color"] == GREEN
    assert the_incident(database).told_version == 3
    with database.read() as session:
        assert set(session.scalars(select(Effect.state))) == {"done"}
