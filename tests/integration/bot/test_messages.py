"""What the bot writes is what Celery would have written, and workers can read it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery
from pydantic import SecretStr

from bot.broker import Broker
from bot.celery_message import MessageBuilder, celery_app
from bot.fleet import Fleet
from dbsbm.wire.command import Command
from dbsbm.wire.inbox import DUE, GRACE_SECONDS, MESSAGES, Entry, Inbox
from tests.integration.bot.commands import a_command
from tests.servers import ValkeyServer


@pytest.fixture
def worker_app(valkey_broker: ValkeyServer) -> Iterator[Celery]:
    """An app such as workers have, on kombu's own Redis transport."""
    app = Celery("worker", set_as_current=False)
    app.config_from_object("celeryconfig")
    app.conf.broker_url = valkey_broker.url
    yield app
    app.close()


def consume(app: Celery, queue: str) -> Any:
    """Take one message as a worker does: popped, decoded and acknowledged by kombu."""
    received: list[Any] = []

    def receive(body: Any, message: Any) -> None:
        received.append((body, message))
        message.ack()

    with (
        app.connection_for_read() as connection,
        app.amqp.TaskConsumer(connection.channel(), queues=[app.amqp.queues[queue]]) as consumer,
    ):
        consumer.callbacks[:] = [receive]
        consumer.on_message = None
        while not received:
            connection.drain_events(timeout=10)
    return received[0]


async def hand_over(server: ValkeyServer, command: Command, trace_id: str) -> None:
    url = SecretStr(server.url)
    fleet = Fleet(MessageBuilder(celery_app(url)), Broker(url))
    await fleet.hand_over("tasks.bets.place", command, trace_id)
    await fleet.close()


async def test_a_worker_reads_what_celery_would_have_sent_it(
    valkey_broker: ValkeyServer, worker_app: Celery
) -> None:
    command, trace_id = a_command(), str(uuid.uuid4())
    await hand_over(valkey_broker, command, trace_id)
    body, message = consume(worker_app, "interactive")

    worker_app.send_task(
        "tasks.bets.place",
        kwargs={"command": command.to_json()},
        task_id=trace_id,
        kwargsrepr=repr(command),
        headers={"sent_at": message.headers["sent_at"]},
    )
    expected_body, expected = consume(worker_app, "interactive")

    assert body == expected_body
    assert message.headers == expected.headers | {"origin": message.headers["origin"]}
    assert _properties(message) == _properties(expected)
    assert (message.content_type, message.content_encoding) == (
        expected.content_type,
        expected.content_encoding,
    )
    assert Command.from_json(body[1]["command"]) == command


def _properties(message: Any) -> dict[str, Any]:
    """The properties but for what is random in every message."""
    return {k: v for k, v in message.properties.items() if k not in {"delivery_tag", "reply_to"}}


async def test_the_inbox_holds_the_very_message_until_it_is_settled(
    valkey_broker: ValkeyServer,
) -> None:
    command, before = a_command(), time.time()
    await hand_over(valkey_broker, command, "trace")
    client = valkey_broker.client()
    [queued] = client.lrange("interactive", 0, -1)
    stored = client.hget(MESSAGES, str(command.interaction_id))
    entry = Entry.from_json(command.interaction_id, stored)
    assert (entry.task, entry.key, entry.message) == (
        "tasks.bets.place",
        "interactive",
        queued.decode(),
    )
    due = client.zscore(DUE, str(command.interaction_id))
    assert before + GRACE_SECONDS <= due <= time.time() + GRACE_SECONDS
    Inbox(client).settle(command.interaction_id)
    assert Inbox(client).size() == 0


async def test_the_relay_can_push_the_message_again_as_it_was(valkey_broker: ValkeyServer) -> None:
    command = a_command()
    await hand_over(valkey_broker, command, "trace")
    client = valkey_broker.client()
    first = client.rpop("interactive")  # a worker died with it
    client.zadd(DUE, {str(command.interaction_id): 1.0})
    assert Inbox(client).push_due() == (1, [])
    assert client.rpop("interactive") == first


async def test_background_work_is_sent_without_an_inbox(
    valkey_broker: ValkeyServer, worker_app: Celery
) -> None:
    url = SecretStr(valkey_broker.url)
    fleet = Fleet(MessageBuilder(celery_app(url)), Broker(url))
    fleet.send_soon("tasks.cache.warm", {"categories": ["game_data"]})
    await _sent(fleet)
    body, message = consume(worker_app, "maintenance")
    assert body[1] == {"categories": ["game_data"]}
    assert message.headers["task"] == "tasks.cache.warm"
    assert Inbox(valkey_broker.client()).size() == 0
    await fleet.close()


async def _sent(fleet: Fleet) -> None:
    for sending in list(fleet._sending):
        await sending


async def test_every_message_is_json_of_moderate_size(valkey_broker: ValkeyServer) -> None:
    command = a_command(options={"note": "n" * 500})
    await hand_over(valkey_broker, command, "trace")
    [text] = valkey_broker.client().lrange("interactive", 0, -1)
    assert json.loads(text)["content-type"] == "application/json"
    assert len(text) < 8_000
