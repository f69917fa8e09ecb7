from __future__ import annotations

import base64
import json
import time
import uuid
from typing import Any

import pytest
from celery import Celery
from celery.exceptions import QueueNotFound
from kombu import Exchange, Queue
from pydantic import SecretStr

import celeryconfig
from bot.celery_message import MessageBuilder, celery_app
from bot.envelope import to_command
from dbsbm.wire.seal import Sealer
from tests.unit.bot.doubles import TOKEN, FakeInteraction

URL = SecretStr("redis://:broker-password@localhost:1/0")


def app_with(**options: Any) -> Celery:
    app = Celery("test", set_as_current=False)
    app.conf.update(
        task_queues=(Queue("work", Exchange(""), routing_key="work"),),
        task_default_queue="work",
        task_create_missing_queues=False,
        broker_transport_options=options,
    )
    return app


def body_of(text: str) -> Any:
    return json.loads(base64.b64decode(json.loads(text)["body"]))


@pytest.mark.parametrize("task", sorted(celeryconfig.TASKS))
def test_every_task_of_the_fleet_goes_to_its_queue(task: str) -> None:
    message = MessageBuilder(celery_app(URL)).build(task, {}, task_id="1")
    assert message.key == celeryconfig.TASKS[task][0]


def test_the_task_s_id_is_the_trace_and_it_never_expires() -> None:
    task_id = str(uuid.uuid4())
    before = time.time()
    message = MessageBuilder(celery_app(URL)).build("tasks.bets.place", {"a": 1}, task_id=task_id)
    headers = json.loads(message.text)["headers"]
    assert (headers["id"], headers["root_id"], headers["parent_id"]) == (task_id, task_id, None)
    assert (headers["expires"], headers["eta"], headers["retries"]) == (None, None, 0)
    assert before <= headers["sent_at"] <= time.time()
    assert body_of(message.text)[:2] == [[], {"a": 1}]


def test_messages_do_not_mix() -> None:
    builder = MessageBuilder(celery_app(URL))
    first = builder.build("tasks.bets.place", {"a": 1}, task_id="1")
    second = builder.build("tasks.games.show", {"a": 2}, task_id="2")
    assert (body_of(first.text)[1], body_of(second.text)[1]) == ({"a": 1}, {"a": 2})
    assert (first.key, second.key) == ("interactive", "fetch")


def test_the_token_is_nowhere_in_the_clear_and_flower_sees_no_arguments() -> None:
    command = to_command(
        FakeInteraction(),  # type: ignore[arg-type]
        Sealer(SecretStr("a secret key of more than 32 characters")),
        {"note": "my own words"},
        ephemeral=False,
    )
    message = MessageBuilder(celery_app(URL)).build(
        "tasks.bets.place", {"command": command.to_json()}, task_id="1", shown=repr(command)
    )
    everything = message.text + base64.b64decode(json.loads(message.text)["body"]).decode()
    assert TOKEN not in everything
    assert "broker-password" not in everything
    shown = json.loads(message.text)["headers"]["kwargsrepr"]
    assert command.reply_token not in shown
    assert "my own words" not in shown


@pytest.mark.parametrize(
    ("priority", "key"),
    [(0, "work"), (3, "work\x06\x163"), (5, "work\x06\x163"), (9, "work\x06\x169")],
)
def test_priorities_have_lists_of_their_own(priority: int, key: str) -> None:
    app = app_with()
    app.conf.task_routes = {"t": {"queue": "work", "priority": priority}}
    assert MessageBuilder(app).build("t", {}, task_id="1").key == key


def test_a_key_prefix_and_other_transport_options_are_honoured() -> None:
    app = app_with(global_keyprefix="fleet:", sep=":", priority_steps=[0, 5])
    app.conf.task_routes = {"t": {"queue": "work", "priority": 7}}
    assert MessageBuilder(app).build("t", {}, task_id="1").key == "fleet:work:5"


def test_a_queue_that_nobody_eats_is_an_error() -> None:
    app = app_with()
    app.conf.task_routes = {"t": {"queue": "misspelt"}}
    with pytest.raises(QueueNotFound):
        MessageBuilder(app).build("t", {}, task_id="1")


def test_the_bot_s_app_waits_for_no_results_and_is_nobody_s_current_app() -> None:
    app = celery_app(URL)
    assert app.conf.result_backend is None
    assert not app.conf.task_send_sent_event
    from celery import current_app

    assert current_app._get_current_object() is not app
