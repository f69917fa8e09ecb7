"""The one door to Celery: what the bot asks of the fleet goes through here, tasks by name."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from typing import Any

from bot.broker import Broker, FleetBusy, Unconfirmed
from bot.celery_message import Message, MessageBuilder
from dbsbm.wire.command import Command
from dbsbm.wire.inbox import Entry

log = logging.getLogger(__name__)

__all__ = ["Fleet", "FleetBusy", "Unconfirmed"]


class Fleet:
    """Hands commands and background requests to the workers, without blocking the event loop."""

    def __init__(self, builder: MessageBuilder, broker: Broker) -> None:
        self._builder = builder
        self._broker = broker
        self._turn = asyncio.Lock()
        self._sending: set[asyncio.Task[None]] = set()

    async def hand_over(self, task: str, command: Command, trace_id: str) -> None:
        """Enqueue a command so that it is carried out once, whatever dies on the way.

        Raises:
            FleetBusy: The fleet does not have the command, and will not get it.
            Unconfirmed: It may have it; `settle` finds out.
        """
        message = await self._build(
            task, {"command": command.to_json()}, task_id=trace_id, shown=repr(command)
        )
        await self._broker.take(
            Entry(command.interaction_id, task, message.key, message.text, time.time())
        )

    async def settle(self, interaction_id: int) -> bool:
        """Decide an unconfirmed command, however long that takes; True where a worker has it."""
        return await self._broker.settle(interaction_id)

    def send_soon(self, task: str, kwargs: dict[str, Any]) -> None:
        """Ask for background work in the background. It may get lost: only ask for what may."""
        sending = asyncio.create_task(self._send(task, kwargs), name=f"send {task}")
        self._sending.add(sending)
        sending.add_done_callback(self._sending.discard)

    async def close(self) -> None:
        """Give up what is still being sent, and close the connections."""
        for sending in list(self._sending):
            sending.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)
        await self._broker.close()

    async def _send(self, task: str, kwargs: dict[str, Any]) -> None:
        try:
            message = await self._build(task, kwargs, task_id=str(uuid.uuid4()))
            await self._broker.push(message.key, message.text)
        except FleetBusy:
            log.info("%s was not sent.", task, extra={"action": "bot.not_sent", "task": task})

    async def _build(
        self, task: str, kwargs: dict[str, Any], *, task_id: str, shown: str | None = None
    ) -> Message:
        """Build one message a turn of the event loop: fifty at once would stall it for 20 ms."""
        async with self._turn:
            message = self._builder.build(task, kwargs, task_id=task_id, shown=shown)
            await asyncio.sleep(0)
        return message
