from __future__ import annotations

import asyncio
import logging
import threading

import pytest

from bot.loop_watch import EXIT_STUCK, LoopWatch
from tests.servers import wait_until_async


async def test_a_stuck_loop_ends_the_process_and_says_where_it_hangs(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ended: list[int] = []
    free = threading.Event()

    def end(code: int) -> None:
        ended.append(code)
        free.set()

    watch = LoopWatch(limit=0.05, look_every=0.01, end=end)
    watch.start()
    await asyncio.sleep(0)
    assert free.wait(30), "nobody noticed that the loop is stuck"
    assert ended == [EXIT_STUCK]
    [record] = [r for r in caplog.records if r.levelno == logging.CRITICAL]
    assert "free.wait(30)" in record.stack  # type: ignore[attr-defined]
    await watch.stop()


async def test_a_loop_that_moves_is_left_alone() -> None:
    ended: list[int] = []
    watch = LoopWatch(limit=2.0, look_every=0.005, end=ended.append)
    watch.start()
    heard = watch._beats
    await wait_until_async(lambda: watch._beats >= heard + 3)
    await watch.stop()
    assert ended == []


async def test_a_stopped_watch_notices_nothing() -> None:
    ended: list[int] = []
    watch = LoopWatch(limit=0.02, look_every=0.01, end=ended.append)
    watch.start()
    await watch.stop()
    for thread in threading.enumerate():
        if thread.name == "loop-watch":
            thread.join(10)
    assert ended == []
