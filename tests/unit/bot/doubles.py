"""Stand-ins for what surrounds the bot's own code: an interaction, a fleet, a cache."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import discord

from bot.fleet import FleetBusy
from dbsbm.cache import MISS, Key
from dbsbm.wire.command import Command

TOKEN = "aW50ZXJhY3Rpb246the-token-in-the-clear"


class Refused(discord.HTTPException):
    """Discord said no."""

    def __init__(self, code: int = 10062) -> None:
        super().__init__(SimpleNamespace(status=404, reason="Not Found"), {"code": code})


class FakeInteraction:
    """A slash command that was just given, and what the member gets to read."""

    def __init__(self, *, age: timedelta = timedelta(0), in_guild: bool = True) -> None:
        self.id = 1_574_165_972_602_847_232
        self.application_id = 11
        self.token = TOKEN
        self.guild_id = 22 if in_guild else None
        self.guild = SimpleNamespace(name="Sunday Parlay Club") if in_guild else None
        self.channel_id = 33
        self.user = SimpleNamespace(
            id=44, display_name="Tomás", avatar=SimpleNamespace(key="a_0123abcd")
        )
        self.locale = discord.Locale.spain_spanish
        self.created_at = datetime.now(UTC) - age
        self.command = SimpleNamespace(name="bet")
        self.extras: dict[str, Any] = {"trace_id": "7c1e2f52-0f4b-4c3e-9a43-3a1f1f0c8a11"}
        self.events: list[str] = []
        self.refuse_ack = False
        self.ack_gate = asyncio.Event()
        self.ack_gate.set()
        self.filled = False  # a worker has written its answer
        self._state = None  # discord.py resolves users and channels through it
        self.response = self
        self.followup = self

    def is_done(self) -> bool:
        return "acknowledged" in self.events

    async def defer(self, *, ephemeral: bool, thinking: bool) -> None:
        assert thinking
        await self.ack_gate.wait()
        if self.refuse_ack:
            raise Refused
        self.events.append("acknowledged")

    async def send_message(self, text: str, **options: Any) -> None:
        assert options["ephemeral"]
        self.events.append(f"said: {text}")

    async def edit_original_response(self, *, content: str) -> SimpleNamespace:
        self.events.append(f"edited: {content}")
        return SimpleNamespace(id=1)

    async def original_response(self) -> SimpleNamespace:
        return SimpleNamespace(id=1)

    async def send(self, text: str, *, ephemeral: bool, wait: bool) -> SimpleNamespace:
        assert ephemeral
        assert wait
        self.events.append(f"followed up: {text}")
        return SimpleNamespace(id=2 if self.filled else 1, delete=self._delete)

    async def _delete(self) -> None:
        self.events.append("deleted the follow-up")


@dataclass
class FakeFleet:
    """A fleet that takes commands, or fails as it is told."""

    failure: Exception | None = None
    taken: bool = True
    commands: list[tuple[str, Command, str]] = field(default_factory=list)
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    log: list[str] | None = None

    async def hand_over(self, task: str, command: Command, trace_id: str) -> None:
        await asyncio.sleep(0)
        if self.log is not None:
            self.log.append("enqueued" if self.failure is None else "failed")
        if self.failure is not None:
            raise self.failure
        self.commands.append((task, command, trace_id))

    async def settle(self, interaction_id: int) -> bool:
        await self.settled.wait()
        return self.taken


def busy_fleet() -> FakeFleet:
    return FakeFleet(failure=FleetBusy("away"))


class FakeCache:
    """A cache of given values, which can also hang or break."""

    def __init__(self, values: dict[Key, Any] | None = None) -> None:
        self.values = values or {}
        self.reads: list[Key] = []
        self.hangs = False
        self.error: Exception | None = None

    async def get(self, key: Key) -> Any:
        self.reads.append(key)
        if self.error is not None:
            raise self.error
        if self.hangs:
            await asyncio.Event().wait()
        return self.values.get(key, MISS)
