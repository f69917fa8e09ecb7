"""Writes to the broker without ever blocking, and knows exactly what became of each write.

A write that gets no answer may still be carried out later: a frozen server reads its sockets when
it thaws, long after the member was told something. So each command has a verdict on the broker,
which the first of two scripts decides, once and for good:

- `_TAKE` writes "taken" and pushes the command, unless the verdict is "off";
- `_CALL_OFF` writes "off", unless the verdict is "taken".

A script is as atomic as a MULTI, and can refuse. The server runs one at a time: whichever comes
first wins and both are told, so that a late write of a command that was called off does nothing,
and a repeated one pushes nothing twice.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr
from redis import exceptions
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig

from bot.breaker import Breaker
from dbsbm.errors import DbsbmError
from dbsbm.wire.inbox import Entry, enqueue

BUDGET_SECONDS = 1.5
CONNECTIONS = 16
# Longer than an interaction's token lives, and than any late write can hide in a socket.
VERDICT_SECONDS = 3600

_TAKE = """
if redis.call('SET', KEYS[1], 'taken', 'NX', 'EX', ARGV[1]) then
  for _, command in ipairs(cjson.decode(ARGV[2])) do redis.call(unpack(command)) end
end
return redis.call('GET', KEYS[1])
"""
_CALL_OFF = """
redis.call('SET', KEYS[1], 'off', 'NX', 'EX', ARGV[1])
return redis.call('GET', KEYS[1])
"""

_FAILURES = (TimeoutError, OSError, exceptions.RedisError)
# The server answered, and the answer says that it did nothing.
_REFUSALS = (exceptions.ResponseError, exceptions.BusyLoadingError)


class FleetBusy(DbsbmError):
    """The broker took nothing, and never will take what was asked."""


class Unconfirmed(DbsbmError):
    """The broker did not answer in time: the command may have been taken, or may be yet.

    `Broker.settle` decides it once the broker answers again.
    """


class Broker:
    """The bot's connections to the broker. Opens none before the first use.

    Args:
        url: Where it is.
        budget: Seconds within which a write has succeeded or failed.
    """

    def __init__(self, url: SecretStr, *, budget: float = BUDGET_SECONDS) -> None:
        self._budget = budget
        self._pool = BlockingConnectionPool.from_url(
            url.get_secret_value(),
            max_connections=CONNECTIONS,
            timeout=None,
            socket_timeout=None,
            socket_connect_timeout=budget,
            socket_keepalive=True,
            # A refused connection is an answer: the member gets it now, not after ten retries.
            retry=Retry(NoBackoff(), 0),
            # With notifications on, redis-py hands out connections that the server has closed.
            maint_notifications_config=MaintNotificationsConfig(enabled=False),
        )
        self._breaker = Breaker(self._ping)

    async def take(self, entry: Entry) -> None:
        """Push a command to its queue and write it into the inbox, both or neither, once.

        Raises:
            FleetBusy: Nothing was written, and nothing will be.
            Unconfirmed: Nobody knows yet; call `settle`.
        """
        self._refuse_while_away()
        doubt = _Doubt()
        try:
            async with asyncio.timeout(self._budget):
                verdict = await self._take(entry, doubt)
        except _FAILURES as error:
            self._breaker.trip(error)
            raise (Unconfirmed if doubt.raised else FleetBusy)(type(error).__name__) from None
        if verdict != b"taken":
            raise FleetBusy("The command was called off.")

    async def settle(self, interaction_id: int) -> bool:
        """Decide an unconfirmed command, waiting for the broker for as long as it is away.

        Returns:
            True where the command was taken, and a worker answers it; False where it was not
            and never will be.
        """
        while True:
            await self._breaker.wait_closed()
            try:
                async with asyncio.timeout(self._budget):
                    return await self._is_taken(interaction_id)
            except _FAILURES as error:
                self._breaker.trip(error)

    async def push(self, key: str, text: str) -> None:
        """Push a message that may get lost.

        Raises:
            FleetBusy: It probably was.
        """
        self._refuse_while_away()
        try:
            async with asyncio.timeout(self._budget):
                await self._call("LPUSH", key, text, doubt=_Doubt())
        except _FAILURES as error:
            self._breaker.trip(error)
            raise FleetBusy(type(error).__name__) from None

    async def close(self) -> None:
        """Stop probing and close the connections."""
        await self._breaker.stop()
        await self._pool.aclose()

    async def _take(self, entry: Entry, doubt: _Doubt) -> Any:
        """Write the command; once more where the connection broke, which the verdict makes safe."""
        recorded = _Recorder()
        enqueue(recorded, entry)
        command = (
            *("EVAL", _TAKE, 1, verdict_key(entry.interaction_id), VERDICT_SECONDS),
            json.dumps(recorded.commands),
        )
        try:
            return await self._call(*command, doubt=doubt)
        except exceptions.ConnectionError:
            if not doubt.raised:
                raise
        return await self._call(*command, doubt=doubt)

    async def _is_taken(self, interaction_id: int) -> bool:
        key = verdict_key(interaction_id)
        verdict = await self._call("EVAL", _CALL_OFF, 1, key, VERDICT_SECONDS, doubt=_Doubt())
        return bool(verdict == b"taken")

    async def _call(self, *command: str | int, doubt: _Doubt) -> Any:
        """Send one command. `doubt` is raised from when it is sent until it is answered."""
        connection = await self._pool.get_connection()
        earlier = doubt.raised
        try:
            doubt.raised = True
            answer = await _exchange(connection, command)
        except _REFUSALS:
            doubt.raised = earlier
            raise
        finally:
            await self._pool.release(connection)
        doubt.raised = False
        return answer

    async def _ping(self) -> None:
        await self._call("PING", doubt=_Doubt())

    def _refuse_while_away(self) -> None:
        if self._breaker.is_open:
            raise FleetBusy("The broker is away.")


def verdict_key(interaction_id: int) -> str:
    """The key on the broker that says whether a command was taken or called off."""
    return f"dbsbm:inbox:verdict:{interaction_id}"


async def _exchange(connection: AbstractConnection, command: tuple[str | int, ...]) -> Any:
    await connection.send_command(*command)
    return await connection.read_response()


@dataclass(slots=True)
class _Doubt:
    """Whether a command was sent whose answer did not come."""

    raised: bool = False


class _Recorder:
    """A pipeline that only notes its commands, so that the inbox's layout stays in one place."""

    def __init__(self) -> None:
        self.commands: list[list[str]] = []

    def lpush(self, key: str, value: str) -> None:
        self.commands.append(["LPUSH", key, value])

    def hset(self, key: str, field: str, value: str) -> None:
        self.commands.append(["HSET", key, field, value])

    def zadd(self, key: str, scores: Mapping[str, float]) -> None:
        pairs = [part for member, score in scores.items() for part in (repr(score), member)]
        self.commands.append(["ZADD", key, *pairs])
