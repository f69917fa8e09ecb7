"""Runs the logic of the cache in coroutines of one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from functools import partial
from typing import Any, Final, TypeVar

import redis.asyncio
from redis.exceptions import NoScriptError

from dbsbm.cache.away import FAILURES
from dbsbm.cache.engine.gate import Gate
from dbsbm.cache.engine.steps import (
    FAILED,
    Call,
    Flow,
    Load,
    Spawn,
    Step,
    Wait,
    loading_nothing,
    loading_of,
)
from dbsbm.cache.server.commands import Server

T = TypeVar("T")

MOST_TASKS: Final = 64
"""Loads in the background; one more is not made, and asked for again by a later reader."""


class Coroutines:
    """Runs flows, leaving the event loop free.

    Args:
        gate: Admits calls to the server.
        client: The server's client, or None for no server at all.
        deadline: Seconds that a call may take. The first that takes longer is the last for a while.
    """

    def __init__(self, gate: Gate, client: redis.asyncio.Redis | None, deadline: float) -> None:
        self._gate = gate
        self._server = Server(client) if client is not None else None
        self._deadline = deadline
        self._tasks: set[asyncio.Task[Any]] = set()

    async def run(self, flow: Flow[T]) -> T:
        """Run a flow to its end, and return what it returns."""
        go_on: Callable[[Any], Step] = flow.send
        given: Any = None
        while True:
            try:
                step = go_on(given)
            except StopIteration as end:
                result: T = end.value
                return result
            try:
                if type(step) is Call:
                    go_on, given = flow.send, await self._call(step)
                else:
                    go_on, given = flow.send, await self._do(step)
            except BaseException as error:  # noqa: BLE001 - the flow decides what to do about it
                go_on, given = flow.throw, error

    def start(self, flow: Flow[Any]) -> None:
        """Run a flow whose end nobody waits for; it goes on when its caller is cancelled."""
        self._start(self.run(flow))

    async def _do(self, step: Step) -> Any:
        match step:
            case Load(loader, name):
                with loading_of(name):
                    return await loader()
            case Wait(future, seconds):
                return await wait_for(future, seconds)
            case Spawn(flow) if len(self._tasks) < MOST_TASKS:
                with loading_nothing():
                    self.start(flow)
                return True
        return False

    async def _call(self, call: Call) -> Any:
        gate, server = self._gate, self._server
        if server is None:
            return FAILED
        if not gate.admits(call):
            gate.skipped(call)
            return FAILED
        try:
            async with asyncio.timeout(self._deadline):
                try:
                    answer = await call.run(server)
                except NoScriptError:
                    answer = await call.run(server.by_text)
        except FAILURES as error:
            gate.failed(call, error)
            return FAILED
        gate.succeeded(call)
        return answer

    def _start(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waits for the flow has been told


async def wait_for(future: Future[Any], seconds: float) -> bool:
    """Wait for a future that another thread may end, and tell whether it is done."""
    if not future.done():
        ended = asyncio.Event()
        future.add_done_callback(partial(_tell, asyncio.get_running_loop(), ended))
        try:
            async with asyncio.timeout(seconds):
                await ended.wait()
        except TimeoutError:
            pass
    return future.done()


def _tell(loop: asyncio.AbstractEventLoop, ended: asyncio.Event, _: Future[Any]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(ended.set)
