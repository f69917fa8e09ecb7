"""Celery's own message for a task, built without talking to a broker.

Publishing through kombu blocks the event loop for as long as the broker takes: measured, a frozen
broker freezes the bot. So Celery builds the message as always (routing, headers, signals,
priority), for a channel that keeps what it is given; `broker` then writes it without blocking.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from celery import Celery
from kombu import Connection
from kombu.transport import virtual
from kombu.transport.redis import Channel as RedisChannel
from kombu.utils.json import dumps
from pydantic import SecretStr

from dbsbm.wire.stamp import stamp


@dataclass(frozen=True, slots=True)
class Message:
    """A task, ready for the broker.

    Attributes:
        key: The list that workers pop it from.
        text: What to push there.
    """

    key: str
    text: str


class _KeepingChannel(virtual.Channel):
    """Keeps what is published, under the list that kombu's Redis transport would push it to."""

    from_transport_options = (
        *virtual.Channel.from_transport_options,
        "sep",
        "priority_steps",
        "global_keyprefix",
    )
    sep = RedisChannel.sep
    priority_steps = RedisChannel.priority_steps
    global_keyprefix = RedisChannel.global_keyprefix
    priority = RedisChannel.priority
    _q_for_pri = RedisChannel._q_for_pri  # noqa: SLF001 - so that the names cannot differ

    kept: Message | None = None

    def _put(self, queue: str, message: dict[str, Any], **_kwargs: Any) -> None:
        name = self._q_for_pri(queue, self._get_message_priority(message))
        self.kept = Message(f"{self.global_keyprefix}{name}", dumps(message))

    def _new_queue(self, queue: str, **_kwargs: Any) -> None:
        """Lists come into being when they are pushed to."""

    def _queue_bind(self, *_args: Any) -> None:
        """Direct queues are found by name; their bindings are the workers' to write."""


class _KeepingTransport(virtual.Transport):
    Channel = _KeepingChannel
    driver_type = "redis"

    def __init__(self, client: Connection, **kwargs: Any) -> None:
        super().__init__(client, **kwargs)
        self.state = virtual.BrokerState()


def celery_app(broker_url: SecretStr) -> Celery:
    """The bot's own Celery app: the fleet's settings, no task, and no connection."""
    app = Celery("dbsbm.bot", set_as_current=False)
    app.config_from_object("celeryconfig")
    app.conf.broker_url = broker_url.get_secret_value()
    # A result backend would subscribe to each result, blocking; nothing here waits for one.
    app.conf.result_backend = None
    app.conf.task_send_sent_event = False
    return app


class MessageBuilder:
    """Builds messages, in about 0.4 ms each. For one thread.

    Args:
        app: Routes them.
        now: Unix time by the broker's clock, as far as this process knows it.
    """

    def __init__(self, app: Celery, now: Callable[[], float] = time.time) -> None:
        self._app = app
        self._now = now
        connection = Connection(
            transport=_KeepingTransport,
            transport_options=dict(app.conf.broker_transport_options or {}),
        )
        self._channel = connection.channel()
        self._producer = app.amqp.Producer(self._channel, auto_declare=False)
        # The first message parses routes and queues, for 20 to 40 ms: not while members wait.
        self.build("bot.warm_up", {}, task_id="")

    def build(
        self, task: str, kwargs: dict[str, Any], *, task_id: str, shown: str | None = None
    ) -> Message:
        """Build the message of a task that never expires.

        Args:
            task: Its registered name.
            kwargs: Its arguments, plain JSON values.
            task_id: Also becomes the root id, which is the trace of all that the task causes.
            shown: What Flower and logs show for the arguments; by default their repr.

        Raises:
            kombu.exceptions.KombuError: An argument is no JSON value, or the queue is unknown.
        """
        shown_as = {} if shown is None else {"kwargsrepr": shown}
        self._app.send_task(
            task,
            kwargs=kwargs,
            task_id=task_id,
            producer=self._producer,
            retry=False,
            headers=stamp(self._now()),
            **shown_as,
        )
        message, self._channel.kept = self._channel.kept, None
        return message
