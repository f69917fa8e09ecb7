"""Can the cache's server make room when it is full?

Evidence: the memory limit and the eviction policy that the server tells now.

Silent where the server has a limit and evicts at it, however full it is: that is how a cache works.
"""

from __future__ import annotations

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.evidence import CacheMemory, Evidence
from dbsbm.optimizer.missing import present

NAME = "cache.limit"

_MIB = 1024 * 1024


def examine(evidence: Evidence) -> list[Finding]:
    """Find a server without a limit, and one that refuses writes at its limit."""
    memory = present(evidence.cache_memory)
    if not memory.max_bytes:
        return [
            _finding(
                memory,
                "The cache's server has no memory limit: it grows until the host has none left.",
                ("Set maxmemory to what the host can spare, and maxmemory-policy to allkeys-lfu.",),
            )
        ]
    if memory.policy == "noeviction":
        return [
            _finding(
                memory,
                "The cache's server refuses writes when it is full, instead of making room.",
                ("Set maxmemory-policy to allkeys-lfu.",),
            )
        ]
    return []


def _finding(memory: CacheMemory, cause: str, fix: tuple[str, ...]) -> Finding:
    return Finding(
        rule=NAME,
        object="cache server",
        severity="warning",
        cause=cause,
        evidence={
            "used_bytes": memory.used_bytes,
            "max_bytes": memory.max_bytes,
            "policy": memory.policy,
        },
        fix=fix,
        revert=("Set maxmemory and maxmemory-policy back.",),
        expected_gain=f"No outage when the cache outgrows {memory.used_bytes / _MIB:.0f} MiB.",
        confidence=1.0,
        risk="low",
    )
