"""Every chart there is, by section."""

from __future__ import annotations

from dbsbm.dashboard.reading.charts import Chart, Curve, Share
from dbsbm.dashboard.reading.stats import Stat

_MIB = 1024.0 * 1024.0


def _spread(metric: str) -> tuple[Curve, ...]:
    """Typical, slow and slowest, which an average would hide."""
    stats: tuple[Stat, ...] = ("p50", "p95", "p99")
    return tuple(Curve(metric, stat, stat) for stat in stats)


TASKS = (
    Chart(
        "task-wait",
        "Wait in the queue",
        "From the moment a task could have run until a worker took it, all queues together.",
        "s",
        _spread("task.wait"),
        limit=5.0,
    ),
    Chart(
        "task-wait-queue",
        "Wait by queue, p95",
        "A queue that waits alone needs more processes of its profile.",
        "s",
        (Curve("task.wait", "p95", by="queue"),),
        limit=5.0,
    ),
    Chart(
        "task-run",
        "Run time",
        "How long tasks ran once a worker had taken them.",
        "s",
        _spread("task.run"),
    ),
    Chart(
        "task-rate",
        "Tasks by outcome",
        "Tasks that ended each second.",
        "per_second",
        (Curve("task.run", "rate", by="outcome"),),
    ),
    Chart(
        "task-failures",
        "Failures and retries",
        "Failures are given up or sent again; retries are attempts that asked for another one.",
        "count",
        (
            Curve("task.failures", "total", "failures"),
            Curve("task.retries", "total", "retries"),
            Curve("worker.lost", "total", "workers lost"),
        ),
        bars=True,
    ),
    Chart(
        "queue-length",
        "Waiting tasks",
        "Messages in each queue that no worker has taken yet.",
        "count",
        (Curve("queue.length", "high", by="queue"),),
    ),
    Chart(
        "queue-oldest",
        "Oldest waiting task",
        "How long the first in line has been waiting, by queue.",
        "s",
        (Curve("queue.oldest_wait", "high", by="queue"),),
        limit=30.0,
    ),
)

QUERIES = (
    Chart(
        "query-time",
        "Statement time",
        "From sending a statement to having its first rows, all statements together.",
        "s",
        _spread("db.query"),
        limit=1.0,
    ),
    Chart(
        "query-rate",
        "Statements by verb",
        "Statements each second.",
        "per_second",
        (Curve("db.query", "rate", by="verb"),),
    ),
    Chart(
        "query-tables",
        "Time by table",
        "Seconds spent on statements of each table: where the database works.",
        "s",
        (Curve("db.query", "total", by="table"),),
    ),
    Chart(
        "pool-wait",
        "Wait for a connection",
        "How long work waited for a free connection of the pool.",
        "s",
        _spread("db.pool_wait"),
    ),
    Chart(
        "query-errors",
        "Errors",
        "Statements that failed, by error.",
        "count",
        (Curve("db.errors", "total", by="error"),),
        bars=True,
    ),
    Chart(
        "query-rows",
        "Rows of an answer",
        "How many rows a statement gave: many rows are slow in the process, not in the database.",
        "count",
        _spread("db.rows"),
    ),
)

CALLS = (
    Chart(
        "call-time",
        "Call time",
        "How long the providers took to answer, all of them together.",
        "s",
        _spread("provider.call"),
        limit=5.0,
    ),
    Chart(
        "call-time-provider",
        "Call time by provider, p95",
        "One that is slow alone is slow by itself; all of them at once is our own network.",
        "s",
        (Curve("provider.call", "p95", by="provider"),),
        limit=5.0,
    ),
    Chart(
        "call-rate",
        "Calls by outcome",
        "Calls each second. Anything but `ok` was retried, refused or given up.",
        "per_second",
        (Curve("provider.call", "rate", by="outcome"),),
    ),
    Chart(
        "call-quota",
        "Quota left",
        "Calls that each provider's plan still allows.",
        "count",
        (Curve("provider.quota_left", "last", by="provider"),),
    ),
    Chart(
        "call-cost",
        "Quota used",
        "What the calls cost of the plan.",
        "count",
        (Curve("provider.cost", "total", by="provider"),),
        bars=True,
    ),
    Chart(
        "discord-rest",
        "Discord, p95",
        "How long Discord's REST routes took to answer.",
        "s",
        (Curve("discord.rest", "p95", by="route"),),
    ),
    Chart(
        "discord-ack",
        "Acknowledgement of commands, p95",
        "Discord gives a command up after 3 s without an acknowledgement.",
        "s",
        (Curve("discord.ack", "p95", by="command"),),
        limit=3.0,
    ),
)

CACHE = (
    Chart(
        "cache-rate",
        "Hit rate",
        "Share of reads that the cache answered, all categories together.",
        "ratio",
        (Share("cache.hits", ("cache.misses",), "all categories"),),
        limit=0.8,
        best="high",
    ),
    Chart(
        "cache-rate-category",
        "Hit rate by category",
        "A category below the limit may expire too soon, or change too often.",
        "ratio",
        (Share("cache.hits", ("cache.misses",), by="category"),),
        limit=0.8,
        best="high",
    ),
    Chart(
        "cache-reads",
        "Reads",
        "Reads each second, by how they ended.",
        "per_second",
        (
            Curve("cache.hits", "rate", "hits"),
            Curve("cache.misses", "rate", "misses"),
            Curve("cache.stale", "rate", "stale"),
        ),
    ),
    Chart(
        "cache-loads",
        "Load time",
        "How long it took to make a value that the cache did not have.",
        "s",
        _spread("cache.load_seconds"),
    ),
    Chart(
        "cache-evictions",
        "Evictions",
        "Values thrown out for lack of room, by category.",
        "count",
        (Curve("cache.evictions", "total", by="category"),),
        bars=True,
    ),
    Chart(
        "cache-bytes",
        "Copies in processes",
        "Memory that the copies of each category take.",
        "bytes",
        (Curve("cache.bytes", "high", by="category"),),
    ),
    Chart(
        "cache-server",
        "Memory of the cache's server",
        "What it uses, and what it may use.",
        "bytes",
        (
            Curve("cache.used_bytes", "last", "used"),
            Curve("cache.max_bytes", "last", "limit"),
        ),
    ),
)

SYSTEM = (
    Chart(
        "process-largest",
        "Memory of the largest process",
        "Of all processes of the fleet; shared memory is counted in parts (PSS).",
        "bytes",
        (Curve("process.memory_bytes", "high", "largest"),),
        limit=512 * _MIB,
    ),
    Chart(
        "process-memory",
        "Largest process by role",
        "A role that only grows leaks; its children are replaced at their profile's limit.",
        "bytes",
        (Curve("process.memory_bytes", "high", by="role"),),
        limit=512 * _MIB,
    ),
    Chart(
        "process-cpu",
        "CPU of the busiest process",
        "100 % is one core, by role.",
        "percent",
        (Curve("process.cpu_percent", "high", by="role"),),
    ),
    Chart(
        "host-cpu",
        "CPU of the hosts",
        "All cores together.",
        "percent",
        (Curve("system.cpu_percent", "mean", by="host"),),
    ),
    Chart(
        "host-memory",
        "Memory of the hosts",
        "What processes use, without the file cache.",
        "percent",
        (Curve("system.memory_percent", "mean", by="host"),),
    ),
    Chart(
        "host-disk",
        "Disk",
        "Of the volume that the fleet writes to.",
        "percent",
        (Curve("system.disk_percent", "last", by="host"),),
        limit=90.0,
    ),
    Chart(
        "process-count",
        "Processes",
        "How many are alive, by role.",
        "count",
        (Curve("process.count", "last", by="role"),),
    ),
    Chart(
        "broker-memory",
        "Memory of the broker",
        "It refuses tasks when it is full.",
        "bytes",
        (Curve("broker.used_bytes", "last", "used"),),
    ),
    Chart(
        "database-connections",
        "Connections of the database",
        "Open connections of all clients.",
        "count",
        (Curve("database.connections", "last", "connections"),),
    ),
    Chart(
        "loop-lag",
        "Lag of the bot's event loop",
        "A lag near 3 s loses commands.",
        "s",
        _spread("bot.loop_lag"),
        limit=1.0,
    ),
)

TASK = (
    Chart("one-task-run", "Run time", "Once a worker had taken it.", "s", _spread("task.run")),
    Chart("one-task-wait", "Wait", "Until a worker took it, by queue.", "s", _spread("task.wait")),
    Chart(
        "one-task-rate",
        "Runs by outcome",
        "Runs that ended each second.",
        "per_second",
        (Curve("task.run", "rate", by="outcome"),),
    ),
    Chart(
        "one-task-failures",
        "Failures by error",
        "How often it failed, by the exception's name.",
        "count",
        (Curve("task.failures", "total", by="error"),),
        bars=True,
    ),
)

STATEMENT = (
    Chart("one-query-time", "Time", "Of this statement alone.", "s", _spread("db.query"), 1.0),
    Chart(
        "one-query-rate",
        "Rate",
        "How often it ran each second.",
        "per_second",
        (Curve("db.query", "rate", "runs"),),
    ),
    Chart("one-query-rows", "Rows", "Rows of one answer.", "count", _spread("db.rows")),
    Chart(
        "one-query-errors",
        "Errors",
        "How often it failed, by error.",
        "count",
        (Curve("db.errors", "total", by="error"),),
        bars=True,
    ),
)

ENDPOINT = (
    Chart("one-call-time", "Call time", "Of this endpoint.", "s", _spread("provider.call"), 5.0),
    Chart(
        "one-call-rate",
        "Calls by outcome",
        "Calls each second.",
        "per_second",
        (Curve("provider.call", "rate", by="outcome"),),
    ),
)

CATEGORY = (
    Chart(
        "one-cache-rate",
        "Hit rate",
        "Share of reads that the cache answered.",
        "ratio",
        (Share("cache.hits", ("cache.misses",), "all"),),
        limit=0.8,
        best="high",
    ),
    Chart(
        "one-cache-reads",
        "Reads",
        "Reads each second, by how they ended.",
        "per_second",
        (
            Curve("cache.hits", "rate", "hits"),
            Curve("cache.misses", "rate", "misses"),
            Curve("cache.stale", "rate", "stale"),
        ),
    ),
    Chart("one-cache-loads", "Load time", "To make a value.", "s", _spread("cache.load_seconds")),
    Chart(
        "one-cache-evictions",
        "Evictions",
        "Values thrown out for lack of room.",
        "count",
        (Curve("cache.evictions", "total", "evictions"),),
        bars=True,
    ),
)

CHARTS = {
    chart.id: chart
    for group in (TASKS, QUERIES, CALLS, CACHE, SYSTEM, TASK, STATEMENT, ENDPOINT, CATEGORY)
    for chart in group
}
