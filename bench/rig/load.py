"""Interactions at a steady rate, whatever becomes of the earlier ones."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bench.rig.fleet import FleetUnderTest
from bench.rig.watched_bot import Stall, stalls
from dbsbm.sandbox.discord.client import AsyncStandinClient
from dbsbm.sandbox.discord.client_views import InteractionState


@dataclass(frozen=True, slots=True)
class Load:
    """What came of a load.

    Attributes:
        states: The interactions, in the order in which they were sent.
        stalls: The times that the bot's event loop was late.
        seconds: From the first interaction to the last answer that was waited for.
    """

    states: list[InteractionState]
    stalls: list[Stall]
    seconds: float

    @property
    def acknowledged_ms(self) -> list[float]:
        """Milliseconds to each acknowledgement.

        Raises:
            AssertionError: One of them never came.
        """
        failed = [state.id for state in self.states if state.ack is None]
        assert not failed, f"{len(failed)} of {len(self.states)} were not acknowledged"
        return [state.ack.ms for state in self.states if state.ack is not None]

    @property
    def answered_ms(self) -> list[float]:
        """Milliseconds to each answer that the member could read.

        Raises:
            AssertionError: One of them never came.
        """
        silent = [state.id for state in self.states if state.answered_ms is None]
        assert not silent, f"{len(silent)} of {len(self.states)} were not answered"
        return [state.answered_ms for state in self.states if state.answered_ms is not None]


def offer(
    fleet: FleetUnderTest,
    command: str,
    options: Callable[[int], Mapping[str, Any]],
    *,
    per_second: float,
    count: int,
    until: str,
) -> Load:
    """Send commands at a steady rate and wait for each.

    Args:
        fleet: Whose members send them; its plan says `watch_loop`.
        command: The command.
        options: Its options, by the number of the interaction.
        per_second: How many are sent in a second.
        count: How many are sent.
        until: What is waited for: `ack` or `answer`.
    """
    began = time.monotonic()
    url = fleet.instance.standin_url

    async def send(discord: AsyncStandinClient, number: int) -> InteractionState:
        return await discord.wait(await discord.run(command, options(number)), until)

    states = asyncio.run(_steadily(url, send, per_second, count))
    ended = time.monotonic()
    return Load(states, stalls(fleet.loop_log, began, ended), ended - began)


async def _steadily(
    url: str,
    send: Callable[[AsyncStandinClient, int], Awaitable[InteractionState]],
    per_second: float,
    count: int,
) -> list[InteractionState]:
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with AsyncStandinClient(url) as discord:

        async def one(number: int) -> InteractionState:
            await asyncio.sleep(began + number / per_second - loop.time())
            return await send(discord, number)

        return await asyncio.gather(*(one(number) for number in range(count)))
