"""Every metric that is measured: its kind, its unit, and what it says.

Whoever shows metrics (Prometheus, the table in docs/operators.md) takes the words from here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from dbsbm.monitor.counting.series import COUNTER, DISTRIBUTION, GAUGE, Kind


class Metric(NamedTuple):
    """One metric.

    Attributes:
        name: As it is recorded, such as `task.run`.
        kind: What its values mean together.
        labels: The labels that tell its series apart.
        help: What it says.
        unit: Of its values, where its name does not say it: `seconds` or an empty text.
        splits: Labels by which totals are stored beside the label sets, because it is charted by
            them: it has many more label sets than such a label has values.
    """

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str
    unit: str = ""
    splits: tuple[str, ...] = ()


def _statements() -> Iterator[Metric]:
    kind = ("fingerprint", "verb", "table")
    yield Metric(
        "db.query",
        DISTRIBUTION,
        kind,
        "Time of a statement.",
        "seconds",
        splits=("verb", "table"),
    )
    yield Metric("db.rows", DISTRIBUTION, ("fingerprint",), "Rows read or changed by a statement.")
    yield Metric(
        "db.errors",
        COUNTER,
        ("fingerprint", "error"),
        "Statements that failed.",
        splits=("error",),
    )
    yield Metric("db.pool_wait", DISTRIBUTION, (), "Wait for a free connection.", "seconds")
    yield Metric("db.pool_wait_long", COUNTER, (), "Waits for a connection above 50 ms.")
    yield Metric("db.pool_timeouts", COUNTER, (), "Waits for a connection in vain.")
    yield Metric("db.pool.size", GAUGE, (), "Connections that a process's pool keeps.")
    yield Metric("db.pool.checked_out", GAUGE, (), "Connections of a pool that are in use.")
    yield Metric("db.pool.overflow", GAUGE, (), "Connections of a pool beyond its size.")


def _work() -> Iterator[Metric]:
    ended = ("task", "queue", "outcome")
    yield Metric(
        "task.run",
        DISTRIBUTION,
        ended,
        "Time that a task ran.",
        "seconds",
        splits=("task", "outcome"),
    )
    yield Metric(
        "task.wait",
        DISTRIBUTION,
        ("task", "queue"),
        "Time that a task could have been taken and was not, without ETA and pauses.",
        "seconds",
        splits=("queue",),
    )
    yield Metric("task.wait_long", COUNTER, ("queue",), "Tasks that waited above a second.")
    yield Metric("task.retries", COUNTER, ("task",), "Runs that ended in another try.")
    yield Metric("task.failures", COUNTER, ("task", "error"), "Runs that failed.")
    yield Metric("task.redelivered", COUNTER, ("task",), "Runs after one whose worker was killed.")
    once_a_row = ("task", "kind", "call")
    yield Metric(
        "task.repeating_runs", COUNTER, once_a_row, "Runs that made a call once a row (N+1)."
    )
    yield Metric("task.repeated_calls", COUNTER, once_a_row, "Calls that were made once a row.")
    yield Metric("task.repeated_seconds", COUNTER, once_a_row, "Time of calls made once a row.")
    yield Metric("queue.length", GAUGE, ("queue",), "Messages that no worker holds.")
    yield Metric("queue.oldest_wait", GAUGE, ("queue",), "Wait of the oldest message.", "seconds")
    yield Metric("queue.unacknowledged", GAUGE, (), "Messages that workers hold.")
    yield Metric("inbox.size", GAUGE, (), "Commands that are not carried out yet.")
    yield Metric("outbox.pending", GAUGE, (), "Effects that are still owed.")
    yield Metric("deadletters.open", GAUGE, (), "Work that was given up and not replayed.")
    yield Metric("beat.silence", GAUGE, (), "Time since any beat last ticked.", "seconds")
    yield Metric("worker.lost", COUNTER, ("role", "cause"), "Processes that ended by force.")


def _calls() -> Iterator[Metric]:
    call = ("provider", "endpoint", "outcome")
    yield Metric(
        "provider.call",
        DISTRIBUTION,
        call,
        "Time of a provider's answer.",
        "seconds",
        splits=("provider", "outcome"),
    )
    yield Metric("provider.cost", COUNTER, ("provider",), "Calls charged to a plan.")
    yield Metric("provider.refused", COUNTER, call, "Calls that were not made.")
    yield Metric("provider.quota_left", GAUGE, ("provider",), "Calls left today by a plan.")
    rest = ("route", "outcome")
    yield Metric(
        "discord.rest",
        DISTRIBUTION,
        rest,
        "Time of Discord's answer.",
        "seconds",
        splits=("route",),
    )
    yield Metric("discord.invalid", COUNTER, ("status",), "Answers that count for a ban.")
    yield Metric(
        "discord.ack",
        DISTRIBUTION,
        ("command",),
        "Time from an interaction to its acknowledgement.",
        "seconds",
    )
    yield Metric(
        "discord.answer",
        DISTRIBUTION,
        ("command",),
        "Time from a command to its answer in Discord.",
        "seconds",
    )
    yield Metric("discord.ack_failures", COUNTER, ("command",), "Acknowledgements refused.")
    yield Metric("bot.loop_lag", DISTRIBUTION, (), "Lateness of the bot's event loop.", "seconds")


def _cache() -> Iterator[Metric]:
    both, category = ("category", "level"), ("category",)
    yield Metric("cache.hits", COUNTER, both, "Reads that found a value.")
    yield Metric("cache.misses", COUNTER, category, "Reads that found none.")
    yield Metric("cache.bytes_read", COUNTER, both, "Size of the values that were found.")
    yield Metric("cache.bytes_written", COUNTER, category, "Size of the values that were stored.")
    yield Metric("cache.sets", COUNTER, category, "Values stored.")
    yield Metric("cache.drops", COUNTER, category, "Values not stored.")
    yield Metric("cache.errors", COUNTER, category, "Calls of the server that failed.")
    yield Metric("cache.invalidations", COUNTER, category, "Keys and tags that were forgotten.")
    yield Metric("cache.loads", COUNTER, category, "Runs of loaders.")
    yield Metric("cache.load_ns", COUNTER, category, "Nanoseconds spent in loaders.")
    yield Metric("cache.load_seconds", DISTRIBUTION, category, "Time of a load.")
    yield Metric("cache.load_errors", COUNTER, category, "Loads that failed.")
    yield Metric("cache.stale", COUNTER, category, "Hits that were past their time.")
    yield Metric("cache.negative", COUNTER, category, "Hits that say: there is none.")
    yield Metric("cache.waits", COUNTER, category, "Callers that waited for another's load.")
    yield Metric("cache.refreshes", COUNTER, category, "Loads of what was still there.")
    yield Metric("cache.evictions", COUNTER, both, "Copies given up for lack of room.")
    yield Metric("cache.rejected", COUNTER, category, "Stored values that were not believed.")
    yield Metric(
        "cache.reload_age",
        DISTRIBUTION,
        ("category", "family", "changed"),
        "Age of a value from outside when it was loaded anew, by whether it had changed.",
        "seconds",
    )
    yield Metric(
        "cache.granted_ttl",
        DISTRIBUTION,
        category,
        "Lifetime that was learned of what is loaded; a caller may ask for less.",
        "seconds",
    )
    yield Metric("cache.warmed", COUNTER, category, "Values loaded before a game, for its start.")
    yield Metric("cache.warmed_unread", COUNTER, category, "Of these, those nobody came to read.")
    yield Metric("cache.bytes", GAUGE, ("level",), "Memory of a process's own copies.")


def _server(name: str, title: str) -> Iterator[Metric]:
    def gauge(suffix: str, text: str, unit: str = "") -> Metric:
        return Metric(f"{name}.{suffix}", GAUGE, (), f"{title}: {text}.", unit)

    yield gauge("up", "1 where it answers")
    yield gauge("used_bytes", "memory in use")
    yield gauge("max_bytes", "memory it may use, 0 for no limit")
    yield gauge("fragmentation", "memory taken from the system by that in use")
    yield gauge("connections", "clients")
    yield gauge("blocked_connections", "clients that wait")
    yield gauge("rejected_connections", "clients refused since its start")
    yield gauge("commands_per_second", "commands a second")
    yield gauge("evicted_keys", "keys evicted since its start")
    yield gauge("expired_keys", "keys expired since its start")
    yield gauge("keys", "keys")
    yield gauge("slowlog_length", "entries of its slow log")
    yield gauge("append_only_ok", "1 where its log is written well")
    yield gauge("append_only_bytes", "size of its append-only file")
    yield gauge("snapshot_ok", "1 where its last snapshot succeeded")
    yield gauge("replicas", "replicas that are connected")
    yield gauge("replication_lag_bytes", "what the slowest replica is behind")
    yield gauge("replica_linked", "1 where it is a replica with a primary")
    yield gauge("replica_silence", "time since its primary was heard", "seconds")


def _database() -> Iterator[Metric]:
    def gauge(suffix: str, text: str, unit: str = "") -> Metric:
        return Metric(f"database.{suffix}", GAUGE, (), text, unit)

    def counter(suffix: str, text: str) -> Metric:
        return Metric(f"database.{suffix}", COUNTER, (), text)

    yield gauge("up", "1 where the database answers.")
    yield gauge("connections", "Clients of the database.")
    yield gauge("max_connections", "Clients that it takes.")
    yield gauge("threads_running", "Statements that run.")
    yield gauge("open_tables", "Tables that are open.")
    yield gauge("history_list_length", "Undo records that are not purged.")
    yield gauge("buffer_pool_bytes", "Size of the buffer pool.")
    yield gauge("buffer_pool_hit_ratio", "Share of page reads that the buffer pool answered.")
    yield gauge("size_bytes", "Size of the fleet's database.")
    yield Metric("database.table_bytes", GAUGE, ("table",), "Size of one of its largest tables.")
    yield gauge("wal_bytes", "Size of SQLite's write-ahead log.")
    yield gauge("replica_running", "1 where a replica follows its primary.")
    yield gauge("replication_lag", "What a replica is behind its primary.", "seconds")
    yield counter("queries", "Statements of all clients.")
    yield counter("slow_queries", "Statements that the server itself found slow.")
    yield counter("deadlocks", "Deadlocks.")
    yield counter("lock_waits", "Waits for a row's lock.")
    yield counter("aborted_connects", "Clients that could not connect.")
    yield counter("disk_tables", "Temporary tables on disk.")
    yield counter("full_scans", "Joins that read a whole first table.")


def _machines() -> Iterator[Metric]:
    process, host = ("role", "process"), ("host",)
    yield Metric("process.count", GAUGE, ("role",), "Processes, with children.")
    yield Metric("process.memory_bytes", GAUGE, process, "Proportional set size.", splits=("role",))
    yield Metric("process.cpu_percent", GAUGE, process, "Share of one processor.", splits=("role",))
    yield Metric("process.threads", GAUGE, process, "Threads.")
    yield Metric("process.descriptors", GAUGE, process, "Open files and sockets.")
    yield Metric("system.cpu_percent", GAUGE, host, "Use of all processors.")
    yield Metric("system.memory_percent", GAUGE, host, "Use of the memory.")
    yield Metric("system.memory_available_bytes", GAUGE, host, "Memory that is left.")
    yield Metric("system.swap_percent", GAUGE, host, "Use of the swap space.")
    yield Metric("system.disk_percent", GAUGE, host, "Use of the fleet's disk.")
    yield Metric("system.disk_free_bytes", GAUGE, host, "Space left on the fleet's disk.")
    yield Metric("monitor.dropped", COUNTER, (), "Readings that could not be counted.")
    yield Metric("monitor.shifted", COUNTER, (), "Readings put into another minute.")
    yield Metric("monitor.lost_minutes", COUNTER, (), "Minutes lost to a long outage.")


METRICS: Final = {
    metric.name: metric
    for metrics in (
        *(_statements(), _work(), _calls(), _cache(), _database(), _machines()),
        _server("broker", "The broker"),
        _server("cache", "The cache's server"),
    )
    for metric in metrics
}
"""Name -> metric."""
