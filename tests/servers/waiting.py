"""Waiting for a condition, so that no test sleeps for a guessed time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

INTERVAL = 0.02
"""Seconds between two looks: short beside what a test waits for, long beside a look's cost."""


def wait_until(
    condition: Callable[[], T],
    timeout: float = 10.0,
    message: str | Callable[[], str] = "the condition never held",
    *,
    interval: float = INTERVAL,
) -> T:
    """Return the first truthy value of `condition`.

    Args:
        condition: Called again and again; an exception it raises ends the wait.
        timeout: Seconds until the wait is given up.
        message: What did not happen, or a function that says it when asked (for a log's end).
        interval: Seconds between two calls.

    Raises:
        AssertionError: The condition did not hold in time.
    """
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        _check(deadline, timeout, message)
        time.sleep(interval)
    return value


async def wait_until_async(
    condition: Callable[[], T | Awaitable[T]],
    timeout: float = 10.0,  # noqa: ASYNC109 - a deadline with a message, and no cancellation
    message: str | Callable[[], str] = "the condition never held",
    *,
    interval: float = INTERVAL,
) -> T:
    """Like `wait_until`, for a plain or a coroutine function, leaving the event loop free."""
    deadline = time.monotonic() + timeout
    while not (value := await _resolve(condition())):
        _check(deadline, timeout, message)
        await asyncio.sleep(interval)
    return value


async def _resolve(value: T | Awaitable[T]) -> T:
    return await value if isinstance(value, Awaitable) else value


def _check(deadline: float, timeout: float, message: str | Callable[[], str]) -> None:
    if time.monotonic() >= deadline:
        text = message() if callable(message) else message
        raise AssertionError(f"not within {timeout:g} s: {text}")
