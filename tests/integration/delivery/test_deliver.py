from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dbsbm.commands.reply import Reply, effect_payload
from dbsbm.db import outbox
from dbsbm.db.engine import Database
from dbsbm.db.models import DeadLetter, Effect
from dbsbm.delivery.deliver import Delivery
from dbsbm.delivery.posted import Posted
from dbsbm.delivery.rest import DiscordRest
from dbsbm.errors import TransientError
from dbsbm.wire.seal import Sealer
from tests.integration.commands.requests import a_command
from tests.integration.delivery.discord_script import Script, serve
from tests.servers import ValkeyServer

SEALER = Sealer(SecretStr("k" * 40))
TOKEN = "the-interaction-token"
OK = (200, {"id": "77"})
OLD = timedelta(hours=3)


def promise(
    database: Database, *, age: timedelta = timedelta(), bet_id: int | None = None, **values: Any
) -> int:
    created = (datetime.now(UTC) - age).isoformat()
    command = a_command(reply_token=SEALER.seal(TOKEN), created_at=created, **values)
    payload = effect_payload(command, Reply("hello", bet_id=bet_id))

    def write(session: Session) -> int:
        key = f"reply:{command.interaction_id}"
        return outbox.add(session, dedupe_key=key, task="t", payload=payload, trace_id="x").id

    return database.transact(write)


def effect_of(database: Database, effect_id: int) -> Effect:
    with database.read() as session:
        return session.get_one(Effect, effect_id)


@pytest.fixture
def discord() -> Iterator[Script]:
    with serve(Script([OK])) as script:
        yield script


@pytest.fixture
def delivery(
    database: Database, discord: Script, valkey_broker: ValkeyServer
) -> Iterator[Delivery]:
    rest = DiscordRest(discord.url, SecretStr("bot-token"))
    posted = Posted(valkey_broker.client())
    yield Delivery(database, rest, SEALER, lambda _bet: b"PNG", posted=posted, sandbox=False)
    rest.close()


def test_a_reply_is_written_through_the_interactions_own_webhook(
    database: Database, delivery: Delivery, discord: Script
) -> None:
    effect_id = promise(database)
    assert delivery.deliver(effect_id) == "reply"
    method, path, body = discord.requests[0]
    assert (method, path) == ("PATCH", f"/webhooks/5/{TOKEN}/messages/@original")
    assert json.loads(body) == {
        "content": "hello",
        "embeds": [],
        "allowed_mentions": {"parse": []},
    }
    effect = effect_of(database, effect_id)
    assert (effect.state, effect.result) == ("done", {"where": "reply", "message_id": "77"})
    assert effect.payload["to"]["token"] == ""


def test_a_delivery_that_is_sent_twice_writes_once(
    database: Database, delivery: Delivery, discord: Script
) -> None:
    effect_id = promise(database)
    assert [delivery.deliver(effect_id), delivery.deliver(effect_id)] == ["reply", "done already"]
    assert len(discord.requests) == 1


def test_a_slip_goes_along_as_a_file(
    database: Database, delivery: Delivery, discord: Script
) -> None:
    delivery.deliver(promise(database, bet_id=3))
    body = discord.requests[0][2]
    assert b'filename="slip.png"' in body
    assert b"PNG" in body


def test_a_slip_that_cannot_be_drawn_does_not_leave_its_member_without_an_answer(
    database: Database, discord: Script, valkey_broker: ValkeyServer
) -> None:
    def draw(_bet_id: int) -> bytes:
        raise ValueError("a word that the slip does not know")

    rest = DiscordRest(discord.url, SecretStr("bot-token"))
    posted = Posted(valkey_broker.client())
    delivery = Delivery(database, rest, SEALER, draw, posted=posted, sandbox=False)
    assert delivery.deliver(promise(database, bet_id=3)) == "reply"
    rest.close()
    assert "Bet #3 is on record" in json.loads(discord.requests[0][2])["content"]


def test_an_expired_token_falls_back_to_the_channel_once(
    database: Database, delivery: Delivery, discord: Script
) -> None:
    effect_id = promise(database, age=OLD)
    assert delivery.deliver(effect_id) == "channel"
    method, path, body = discord.requests[0]
    sent = json.loads(body)
    assert (method, path) == ("POST", "/channels/3/messages")
    assert sent["content"].startswith("<@7> ")
    assert (sent["nonce"], sent["enforce_nonce"]) == (f"dbsbm-{effect_id}", True)


def test_a_post_that_the_database_never_heard_of_is_not_posted_again(
    database: Database, delivery: Delivery, discord: Script
) -> None:
    effect_id = promise(database, age=OLD)
    delivery.deliver(effect_id)
    database.transact(lambda session: outbox.replay(session, effect_id))
    assert delivery.deliver(effect_id) == "channel"
    assert len(discord.requests) == 1


def test_a_token_that_discord_calls_invalid_falls_back_too(
    database: Database, delivery: Delivery, discord: Script
) -> None:
    discord.answers[:] = [(401, {"code": 50027, "message": "Invalid Webhook Token"}), OK]
    assert delivery.deliver(promise(database, age=timedelta(minutes=1))) == "channel"


@pytest.mark.parametrize("off", [timedelta(minutes=-20), timedelta(minutes=20)])
@pytest.mark.parametrize("ephemeral", [False, True])
def test_discord_decides_how_long_a_token_lives_and_not_our_clock(
    database: Database, delivery: Delivery, off: timedelta, *, ephemeral: bool
) -> None:
    assert delivery.deliver(promise(database, age=off, ephemeral=ephemeral)) == "reply"


@pytest.mark.parametrize("off", [timedelta(minutes=-20), timedelta(minutes=1)])
def test_a_wrong_clock_does_not_hurry_a_reply_that_is_not_there_yet(
    database: Database, delivery: Delivery, discord: Script, off: timedelta
) -> None:
    discord.answers[:] = [(404, {"code": 10015, "message": "Unknown Webhook"}), OK]
    effect_id = promise(database, age=off, ephemeral=True)
    with pytest.raises(TransientError):
        delivery.deliver(effect_id)
    assert delivery.deliver(effect_id) == "reply"


def test_a_reply_that_never_comes_falls_back_to_the_channel(
    database: Database, delivery: Delivery, discord: Script
) -> None:
    discord.answers[:] = [(404, {"code": 10015, "message": "Unknown Webhook"}), OK]
    effect_id = promise(database)
    long_ago = datetime.now(UTC) - timedelta(seconds=9)
    database.transact(lambda s: s.execute(update(Effect).values(created_at=long_ago)))
    assert delivery.deliver(effect_id) == "channel"


def test_a_reply_that_is_not_there_yet_is_tried_again(
    database: Database, delivery: Delivery, discord: Script
) -> None:
    discord.answers[:] = [(404, {"code": 10015, "message": "Unknown Webhook"}), OK]
    effect_id = promise(database)
    with pytest.raises(TransientError):
        delivery.deliver(effect_id)
    assert effect_of(database, effect_id).state == "pending"
    assert delivery.deliver(effect_id) == "reply"


def test_an_expired_answer_for_one_pair_of_eyes_is_not_shown_to_all(
    database: Database, delivery: Delivery, discord: Script
) -> None:
    effect_id = promise(database, age=OLD, ephemeral=True)
    assert delivery.deliver(effect_id) == "dead"
    assert discord.requests == []
    with database.read() as session:
        assert "only the member" in session.scalars(select(DeadLetter)).one().reason


def test_a_short_rate_limit_is_waited_out(
    database: Database, delivery: Delivery, discord: Script
) -> None:
    discord.answers[:] = [(429, {"retry_after": 0.05, "global": False}), OK]
    assert delivery.deliver(promise(database)) == "reply"
    assert len(discord.requests) == 2


def test_a_long_rate_limit_is_left_to_the_outbox(
    database: Database, delivery: Delivery, discord: Script
) -> None:
    discord.answers[:] = [(429, {"retry_after": 40, "global": False}), OK]
    effect_id = promise(database)
    with pytest.raises(TransientError):
        delivery.deliver(effect_id)
    pause = effect_of(database, effect_id).next_attempt_at - datetime.now(UTC)
    assert timedelta(seconds=30) < pause <= timedelta(seconds=40)
    # Until then nobody asks Discord again.
    with pytest.raises(TransientError):
        delivery.deliver(effect_id)
    assert len(discord.requests) == 1


@pytest.mark.parametrize("status", [500, 502, 503])
def test_an_outage_of_discord_is_transient(
    database: Database, delivery: Delivery, discord: Script, status: int
) -> None:
    discord.answers[:] = [(status, {})]
    with pytest.raises(TransientError):
        delivery.deliver(promise(database))


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [(403, 50013, "may not write"), (404, 10003, "may not write"), (400, 50035, "refuses")],
)
def test_what_can_never_succeed_becomes_a_dead_letter(
    database: Database, delivery: Delivery, discord: Script, status: int, code: int, reason: str
) -> None:
    discord.answers[:] = [(status, {"code": code})]
    effect_id = promise(database, age=OLD)
    assert delivery.deliver(effect_id) == "dead"
    assert effect_of(database, effect_id).state == "dead"
    with database.read() as session:
        assert reason in session.scalars(select(DeadLetter)).one().reason


def test_no_token_reaches_a_log_or_an_error(
    database: Database, delivery: Delivery, discord: Script, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    effect_id = promise(database)
    delivery.deliver(effect_id)
    gone = DiscordRest("http://127.0.0.1:1", SecretStr("bot-token"))
    with pytest.raises(TransientError) as caught:
        gone.edit_reply(5, SecretStr(TOKEN), {"content": ""}, None)
    gone.close()
    shown = caplog.text + repr(caught.value) + repr(caught.value.__cause__) + repr(gone.__dict__)
    assert TOKEN not in shown
    assert "bot-token" not in shown
    assert caught.value.__context__ is None or caught.value.__suppress_context__
