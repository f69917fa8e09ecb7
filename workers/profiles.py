"""Worker profiles: which queues a worker process eats, and with what limits.

More load is answered with more processes of a profile, not with a larger pool: one main process is
the bottleneck, because a single event loop feeds all of its children.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from celeryconfig import TASKS
from dbsbm.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Profile:
    """How one worker process runs.

    Attributes:
        name: Also the first part of its node name.
        queues: What it eats, besides its own direct queue.
        concurrency: Children of its prefork pool.
        child_memory_mib: A child that has grown beyond this is replaced after its task.
    """

    name: str
    queues: tuple[str, ...]
    concurrency: int
    child_memory_mib: int


PROFILES = {
    profile.name: profile
    for profile in (
        # One profile a queue, for hosts with cores to spare and for docker-compose.
        Profile("interactive", ("interactive",), concurrency=2, child_memory_mib=256),
        Profile("images", ("images",), concurrency=1, child_memory_mib=400),
        Profile("fetch", ("fetch",), concurrency=2, child_memory_mib=256),
        Profile("deliver", ("deliver",), concurrency=2, child_memory_mib=256),
        Profile("maintenance", ("maintenance",), concurrency=1, child_memory_mib=256),
        # Several queues in one process, for small hosts and for `./dev up`.
        Profile("front", ("interactive", "deliver"), concurrency=2, child_memory_mib=256),
        Profile("back", ("fetch", "maintenance"), concurrency=2, child_memory_mib=256),
    )
}


def profile_named(name: str) -> Profile:
    """Look a profile up.

    Raises:
        ConfigError: There is none of that name; the text lists those there are.
    """
    try:
        return PROFILES[name]
    except KeyError:
        known = ", ".join(PROFILES)
        raise ConfigError(f"There is no worker profile {name!r}; choose one of: {known}.") from None


def canary_deadline(queues: Iterable[str]) -> float:
    """Seconds within which a pool of these queues always has room: its longest task, and some."""
    return 10.0 + max((hard for queue, _, hard in TASKS.values() if queue in queues), default=60.0)
