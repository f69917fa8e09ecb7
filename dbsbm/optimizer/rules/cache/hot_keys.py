"""Does one key keep the cache's server busy that each process could keep a copy of?

Evidence: the keys that all processes read most in the last minutes, the mean size of what their
category's reads found, and whether the policy in force lets processes keep copies.

Silent for a category with copies: its hot keys are answered without the server. Silent below 500
reads a second and below 1 MiB a second: one key lives on one thread of one server, which answers
some 100,000 small reads a second, and moves some 100 MiB; 1 % of either is nobody's trouble.
"""

from __future__ import annotations

from dbsbm.cache.categories import Category
from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.evidence import Counters, Evidence, HotKey
from dbsbm.optimizer.fleet.wording import spell_bytes
from dbsbm.optimizer.missing import present
from dbsbm.optimizer.rules.cache.counts import policy_command, undo_command

NAME = "cache.hot_key"

MIN_READS_A_SECOND = 500.0
MIN_BYTES_A_SECOND = 1024.0 * 1024.0
MIN_SHARE = 0.1
"""A key below a tenth of all reads is one of many: what helps is not about this key."""


def examine(evidence: Evidence) -> list[Finding]:
    """Find the keys that cross the network again and again."""
    counters, policies = present(evidence.counters), present(evidence.policies)
    return [
        _finding(key, key.category, bytes_a_second)
        for key in present(evidence.hot_keys)
        if key.category is not None and not policies[key.category].local
        if _is_hot(key, bytes_a_second := key.reads_per_second * _mean(counters, key.category))
    ]


def _mean(counters: Counters, category: Category) -> float:
    """Mean bytes of a read that found something on the server."""
    hits = counters.sum("cache.hits", category=category, level="server")
    read = counters.sum("cache.bytes_read", category=category, level="server")
    return read / hits if hits else 0.0


def _is_hot(key: HotKey, bytes_a_second: float) -> bool:
    is_much = key.reads_per_second >= MIN_READS_A_SECOND or bytes_a_second >= MIN_BYTES_A_SECOND
    return key.share >= MIN_SHARE and is_much


def _finding(key: HotKey, category: Category, bytes_a_second: float) -> Finding:
    return Finding(
        rule=NAME,
        object=f"key {key.wire}",
        severity="warning",
        cause=f"{key.share:.0%} of all reads that found something are of this key: about "
        f"{key.reads_per_second:.0f} a second, {spell_bytes(bytes_a_second)} a second from one "
        f"server. Processes keep no copies of {category}.",
        evidence={
            "category": category,
            "reads_per_second": key.reads_per_second,
            "bytes_per_second": bytes_a_second,
            "share": key.share,
        },
        fix=(
            policy_command(category, "local", "yes"),
            "Or have the caller keep what it read for as long as it answers one member.",
        ),
        revert=(undo_command(category),),
        expected_gain=f"Up to {key.reads_per_second:.0f} reads of the server a second.",
        confidence=0.8,  # the log of hot keys is made of estimates
        risk="low",
    )
