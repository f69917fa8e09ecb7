"""Does what is cached have to make room before its time?

Evidence: keys that the server evicted against values stored, its memory and its limit; copies that
processes gave up for lack of room against copies they took.

The server: silent below 1,000 stores, below a fifth evicted, and where it is not full now: a burst
that is over took what it needed. A process: silent below 1,000 copies given up, and where at least
half of the reads were answered by copies: then the copies that matter stay.
"""

from __future__ import annotations

from dbsbm.cache.categories import Category
from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.evidence import CacheMemory, Counters, Evidence
from dbsbm.optimizer.fleet.wording import spell_bytes
from dbsbm.optimizer.missing import present
from dbsbm.optimizer.rules.cache.counts import policy_command, undo_command
from dbsbm.optimizer.wilson import wilson_bounds

NAME = "cache.evictions"

MIN_STORED = 1000
TOLERATED_SHARE = 0.2
FULL = 0.9
MIN_COPIES = 1000
ENOUGH_LOCAL = 0.5


def examine(evidence: Evidence) -> list[Finding]:
    """Find a server that is too small, and categories whose copies push each other out."""
    counters = present(evidence.counters)
    memory, evicted = present(evidence.cache_memory), present(evidence.evicted_keys)
    stored = counters.sum("cache.sets")
    server = [_server(memory, evicted, stored)] if _is_small(memory, evicted, stored) else []
    crowded = [category for category in Category if _is_crowded(counters, category)]
    return [*server, *(_copies(counters, category) for category in crowded)]


def _is_small(memory: CacheMemory, evicted: int, stored: float) -> bool:
    if stored < MIN_STORED or memory.used_bytes < FULL * memory.max_bytes:
        return False
    lower, _ = wilson_bounds(min(evicted, stored), stored)
    return lower > TOLERATED_SHARE and memory.max_bytes > 0


def _server(memory: CacheMemory, evicted: int, stored: float) -> Finding:
    return Finding(
        rule=NAME,
        object="cache server",
        severity="warning",
        cause=f"The server evicted {evicted} keys while {stored:.0f} values were stored: its "
        f"{spell_bytes(memory.max_bytes)} are full.",
        evidence={
            "evicted": evicted,
            "stored": stored,
            "used_bytes": memory.used_bytes,
            "max_bytes": memory.max_bytes,
        },
        fix=(
            f"Raise the server's maxmemory to {2 * memory.max_bytes} bytes, if the host has them.",
            "Or store less: see which category writes most with python -m dbsbm cache stats.",
        ),
        revert=(f"Set maxmemory to {memory.max_bytes}.",),
        expected_gain=f"Up to {evicted} values that stay until their time is over.",
        confidence=0.975,
        risk="low",
    )


def _is_crowded(counters: Counters, category: Category) -> bool:
    given_up = counters.sum("cache.evictions", category=category)
    hits = counters.sum("cache.hits", category=category)
    local = counters.sum("cache.hits", category=category, level="process")
    from_server = hits - local
    if given_up < MIN_COPIES or local >= ENOUGH_LOCAL * hits:
        return False
    return given_up >= from_server / 2


def _copies(counters: Counters, category: Category) -> Finding:
    given_up = counters.sum("cache.evictions", category=category)
    hits = counters.sum("cache.hits", category=category)
    local = counters.sum("cache.hits", category=category, level="process")
    return Finding(
        rule=NAME,
        object=f"copies of {category}",
        severity="info",
        cause=f"Processes gave up {given_up:.0f} copies for lack of room, and copies answered "
        f"{local:.0f} of {hits:.0f} hits: they are pushed out before they are read again.",
        evidence={"given_up": given_up, "hits": hits, "local_hits": local},
        fix=(policy_command(category, "local", "no"),),
        revert=(undo_command(category),),
        expected_gain="Room for the copies of other categories.",
        confidence=0.8,
        risk="low",
    )
