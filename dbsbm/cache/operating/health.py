"""How the cache server is, and whether it can do all that the cache needs of it."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Any, Final

import redis

from dbsbm.cache.away import reason_for

NEEDED_VERSION: Final = (7, 0)
"""The first with SET ... NX GET, which takes a lease in one step."""

_PROBE_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class CacheHealth:
    """One look at the server. Where it does not answer, everything else is None.

    Attributes:
        reachable: It answered, and let us in.
        error: Why not, else None.
        latency: Seconds that a PING took.
        used_memory: Bytes in use.
        max_memory: Bytes it may use; 0 is no limit.
        policy: What it does when they are used up, such as `allkeys-lfu`.
        evicted_keys: Keys it has given up for lack of memory since it started.
        keys: Keys in our database.
        server: What it is, such as `valkey` or `redis`.
        version: Its own version, such as `9.1.2`.
        refused_write: Why it does not store, None if it does.
        tracking: It tells a connection that asked for it which keys change; None if that cannot
            be tried, as it does not store.
    """

    reachable: bool
    error: str | None = None
    latency: float | None = None
    used_memory: int | None = None
    max_memory: int | None = None
    policy: str | None = None
    evicted_keys: int | None = None
    keys: int | None = None
    server: str | None = None
    version: str | None = None
    refused_write: str | None = None
    tracking: bool | None = None

    @property
    def problems(self) -> list[str]:
        """What keeps the cache from working as it should, each a sentence; none where it does."""
        if not self.reachable:
            return [reason_for(self.error)]
        found = []
        if self.refused_write is not None:
            found.append(f"The server does not store: {self.refused_write.rstrip('.')}.")
        if _version(self.version) < NEEDED_VERSION:
            found.append(f"The server is of version {self.version}; use 7.0 or later.")
        if self.tracking is False:
            found.append(
                "CLIENT TRACKING does not work, so no process keeps copies of its own and every "
                "read asks the server."
            )
        return found

    @property
    def advice(self) -> list[str]:
        """What works but could be better, each a sentence."""
        found = []
        if self.max_memory == 0:
            found.append("The server has no limit of memory; set maxmemory.")
        if self.policy == "noeviction":
            found.append(
                "A full server will refuse to store; set maxmemory-policy to allkeys-lfu, which "
                "gives up what is read least."
            )
        return found


def check(client: redis.Redis) -> CacheHealth:
    """Look at the server. Never raises because of it."""
    try:
        client.ping()  # what is timed next shall not include connecting
        began = time.perf_counter()
        client.ping()
        latency = time.perf_counter() - began
        info = client.info("server", "memory", "stats")
        server = str(info.get("server_name", "redis"))
        keys = client.dbsize()
        probe = f"dbsbm:probe:{secrets.token_hex(8)}"
        refused_write = _refused_write(client, probe)
        tracking = _tracks(client, probe) if refused_write is None else None
    except (redis.RedisError, OSError) as error:
        return CacheHealth(reachable=False, error=str(error))
    return CacheHealth(
        reachable=True,
        latency=latency,
        used_memory=int(info["used_memory"]),
        max_memory=int(info["maxmemory"]),
        policy=str(info["maxmemory_policy"]),
        evicted_keys=int(info["evicted_keys"]),
        keys=int(keys),
        server=server,
        version=str(info.get(f"{server}_version", info["redis_version"])),
        refused_write=refused_write,
        tracking=tracking,
    )


def _refused_write(client: redis.Redis, probe: str) -> str | None:
    try:
        client.set(probe, b"", ex=_PROBE_SECONDS)
    except redis.ResponseError as error:
        return str(error)
    return None


def _tracks(client: redis.Redis, probe: str) -> bool:
    """Change a key, and see whether another connection is told."""
    listener: Any = client.connection_pool.make_connection()
    told: list[bytes] = []
    try:
        listener.connect()
        # The library's own cache hears of changes in this way; there is no public one.
        listener._parser.set_invalidation_push_handler(  # noqa: SLF001 - see above
            lambda push: told.extend(push[1] or ())
        )
        _ask(listener, "CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", probe)
        client.unlink(probe)
        _ask(listener, "PING")  # what the server tells comes before what it answers later
    except redis.RedisError:
        return False
    finally:
        listener.disconnect()
    return probe.encode() in told


def _ask(connection: Any, *words: str) -> None:
    connection.send_command(*words)
    connection.read_response()


def _version(text: str | None) -> tuple[int, ...]:
    return tuple(int(part) for part in (text or "0").split(".")[:2] if part.isdigit())
