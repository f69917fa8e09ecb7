"""Observers of calls, put together."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def both(
    first: Callable[[T], None] | None, second: Callable[[T], None] | None
) -> Callable[[T], None] | None:
    """One observer for two, None for none."""
    if first is None or second is None:
        return first or second

    def observe(what: T) -> None:
        first(what)
        second(what)

    return observe
