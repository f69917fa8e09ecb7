"""The Discord stand-in over TCP, in a thread of its own, with a clock that a test moves."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from dbsbm.sandbox.discord.app import DiscordStandin
from dbsbm.sandbox.discord.client import StandinClient
from dbsbm.sandbox.discord.client_views import SentMessage

TOKEN = "MTMy.standin.a-token-of-its-own"
LONGER_THAN_A_NONCE = 3600.0
"""Seconds after which Discord takes a repeated nonce for a new one."""


class ServedDiscord:
    """A stand-in that listens, and what a test does with it.

    Attributes:
        ahead: Seconds that its clock is ahead.
        channel_id: Of a channel that the bot may write in.
        closed_channel_id: Of one that it cannot see.
    """

    def __init__(self) -> None:
        self.ahead = 0.0
        self.server = DiscordStandin(TOKEN, wall=lambda: time.time() + self.ahead)
        guild = next(iter(self.server.core.world.guilds.values()))
        channels = {channel.name: int(channel.id) for channel in guild.channels.values()}
        self.channel_id = channels["slips"]
        self.closed_channel_id = channels["staff-room"]
        self.client: StandinClient

    @property
    def api_url(self) -> str:
        return self.server.api_url

    def messages(self) -> list[SentMessage]:
        return self.client.messages(str(self.channel_id))

    def delete(self, message_id: int) -> None:
        """Delete a message, with the bot's own token."""
        path = f"/channels/{self.channel_id}/messages/{message_id}"
        login = {"Authorization": f"Bot {TOKEN}"}
        httpx.delete(self.api_url + path, headers=login).raise_for_status()

    def counts(self) -> dict[str, int]:
        """Requests by method and route."""
        found: dict[str, int] = self.client.stats()["requests"]
        return found

    @contextmanager
    def listening(self) -> Iterator[ServedDiscord]:
        self._loop = asyncio.new_event_loop()
        ready, stop = threading.Event(), asyncio.Event()

        async def serve() -> None:
            async with self.server:
                ready.set()
                await stop.wait()

        thread = threading.Thread(target=lambda: self._loop.run_until_complete(serve()))
        thread.start()
        assert ready.wait(30)
        try:
            with StandinClient(self.server.url) as self.client:
                yield self
        finally:
            self._loop.call_soon_threadsafe(stop.set)
            thread.join()
            self._loop.close()
