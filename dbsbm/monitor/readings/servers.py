"""The broker and the cache's server: is it up, how full is it, what does it evict or keep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, cast

import redis

from dbsbm.monitor.counting.recorder import Recorder
from dbsbm.monitor.readings.unreadable import say_unreadable

# Gauge -> field of INFO. `evicted_keys` and the like count from the server's start.
_FIELDS = {
    "used_bytes": "used_memory",
    "max_bytes": "maxmemory",
    "fragmentation": "mem_fragmentation_ratio",
    "connections": "connected_clients",
    "blocked_connections": "blocked_clients",
    "rejected_connections": "rejected_connections",
    "commands_per_second": "instantaneous_ops_per_sec",
    "evicted_keys": "evicted_keys",
    "expired_keys": "expired_keys",
    "replicas": "connected_slaves",
    "replica_silence": "master_last_io_seconds_ago",
    "append_only_bytes": "aof_current_size",
}


def read_server(recorder: Recorder, server: redis.Redis, name: Literal["broker", "cache"]) -> None:
    """Record a server's gauges as `broker.*` or `cache.*`; what it does not show is left out.

    A server that does not answer is a reading too (`up` is 0), not an error.

    Args:
        recorder: Where the readings go.
        server: A client of the server.
        name: What the readings' names begin with.
    """
    try:
        info = cast(Mapping[str, Any], server.info("all"))
    except redis.ResponseError as error:  # it answers, and shows this user nothing
        say_unreadable(f"INFO of the {name}", error)
        info = {}
    except redis.RedisError:
        recorder.gauge(f"{name}.up", 0)
        return
    recorder.gauge(f"{name}.up", 1)
    for gauge, value in (*_of_info(info), *_asked_for(server, name)):
        recorder.gauge(f"{name}.{gauge}", value)


def _of_info(info: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for gauge, field in _FIELDS.items():
        value = info.get(field)
        if isinstance(value, int | float):
            yield gauge, value
    if info.get("aof_enabled"):
        yield "append_only_ok", _is_ok(info, "aof_last_write_status", "aof_last_bgrewrite_status")
    if "rdb_last_bgsave_status" in info:
        yield "snapshot_ok", _is_ok(info, "rdb_last_bgsave_status")
    if "master_link_status" in info:
        yield "replica_linked", int(info["master_link_status"] == "up")
    offsets = [each["offset"] for each in _replicas(info) if "offset" in each]
    if offsets and "master_repl_offset" in info:
        yield "replication_lag_bytes", max(0, info["master_repl_offset"] - min(offsets))


def _is_ok(info: Mapping[str, Any], *fields: str) -> int:
    return int(all(info.get(field, "ok") == "ok" for field in fields))


def _replicas(info: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for number in range(int(info.get("connected_slaves", 0))):
        replica = info.get(f"slave{number}")
        if isinstance(replica, Mapping):
            yield replica


def _asked_for(server: redis.Redis, name: str) -> Iterator[tuple[str, float]]:
    for gauge, ask in (("keys", server.dbsize), ("slowlog_length", server.slowlog_len)):
        try:
            yield gauge, float(ask())
        except redis.RedisError as error:
            say_unreadable(f"{gauge} of the {name}", error)
