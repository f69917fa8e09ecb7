"""Does the buffer pool hold what the load reads?

Evidence: how many pages were asked for, how many of them came from disk, the size of the pool and
of all tables.

Example: 4 % of 80,000,000 pages came from disk, with a pool of 128 MiB for 6 GiB of tables.

Silent where the pool could hold all tables (then it is still filling), where fewer than MIN_READS
pages came from disk, and below MISSES of all requests.
"""

from __future__ import annotations

from math import ceil

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.rules.database.counters import number
from dbsbm.optimizer.server.case import Case

NAME = "database.buffer_pool"

MISSES = 0.01
"""Share of requests for a page that go to disk; a page in memory is found 100 times sooner."""
CRITICAL_MISSES = 0.10
MIN_READS = 10_000
"""Pages from disk that a server reads while it warms up."""
_MIB = 2**20


def examine(case: Case) -> list[Finding]:
    """Report a pool that is too small."""
    server = case.snapshot.server
    asked = number(server.status, "innodb_buffer_pool_read_requests")
    from_disk = number(server.status, "innodb_buffer_pool_reads")
    size = number(server.variables, "innodb_buffer_pool_size")
    data = sum(each.bytes + each.index_bytes for each in case.snapshot.tables.values())
    misses = from_disk / max(asked, 1)
    if from_disk < MIN_READS or misses < MISSES or size >= data:
        return []
    better = _rounded(min(2 * size, 1.1 * data))
    return [
        Finding(
            rule=NAME,
            object="innodb_buffer_pool_size",
            severity="critical" if misses >= CRITICAL_MISSES else "warning",
            cause=(
                f"{misses:.1%} of pages are read from disk: the buffer pool has "
                f"{size / _MIB:,.0f} MiB for {data / _MIB:,.0f} MiB of tables and indexes."
            ),
            evidence={
                "read_requests": asked,
                "reads": from_disk,
                "misses": round(misses, 4),
                "pool_bytes": size,
                "data_bytes": data,
            },
            fix=(f"SET GLOBAL innodb_buffer_pool_size = {better}",),
            revert=(f"SET GLOBAL innodb_buffer_pool_size = {size:.0f}",),
            expected_gain=f"up to {misses:.1%} of page reads come from memory in place of disk",
            confidence=0.8,
            risk="medium",
        )
    ]


def _rounded(size: float) -> int:
    """In whole chunks of 128 MiB, as the server does itself."""
    chunk = 128 * _MIB
    return ceil(size / chunk) * chunk
