"""What became of a read: a hit, a miss, or a wait for somebody else's load."""

from __future__ import annotations

from dbsbm.cache.engine.core import Core
from dbsbm.cache.engine.flights import Abandoned, Flight, Landed
from dbsbm.cache.errors import LoadTimeout
from dbsbm.cache.keys import Key


def count_hit(core: Core, key: Key, size: int, value: object, *, stale: bool = False) -> None:
    """Count a read that the server had a value for."""
    core.stats.hit(key.category, size, stale=stale, negative=value is None)
    if core.hot is not None:
        core.hot.add(key.wire)


def count_landing(core: Core, key: Key, landed: Landed, *, followed: bool = False) -> None:
    """Count a read that ended with a value, found or loaded, by the caller or by another."""
    if landed.size is not None and not landed.waited:
        count_hit(core, key, landed.size, landed.value, stale=landed.stale)
    elif followed or landed.waited:
        _count_wait(core, key)
    else:
        core.stats.missed(key.category)


def arrival(
    core: Core, flight: Flight, key: Key, *, ends_at: float | None, followed: bool
) -> Landed | None:
    """Count a read that waited for a flight, and return what it brought.

    Args:
        core: The state of the cache.
        flight: What was waited for.
        key: What was wanted.
        ends_at: When the caller had to have an answer.
        followed: The flight was led by another caller.

    Returns:
        None if the flight was stopped, or is taken for lost: the caller has to try again.

    Raises:
        LoadTimeout: The caller had to have an answer by now.
    """
    if not flight.future.done():
        if ends_at is None or core.clock() < ends_at:
            return None
        _count_wait(core, key)
        raise LoadTimeout(
            f"Loading a value of {key.category.value} takes longer than its caller can wait. "
            "Try again: the load goes on."
        )
    try:
        landed = flight.future.result()
    except Abandoned:
        return None
    except BaseException:
        _count_wait(core, key)
        raise
    count_landing(core, key, landed, followed=followed)
    return landed


def _count_wait(core: Core, key: Key) -> None:
    core.stats.missed(key.category)
    core.stats.waited(key.category)
