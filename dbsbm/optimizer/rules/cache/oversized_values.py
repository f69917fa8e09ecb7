"""Are values stored that are too large, or made and then refused for their size?

Evidence: values stored and not stored by category, failed calls, and bytes written.

Values that were refused are reported above 1 % of the stores, by the Wilson lower bound and from
20 on, unless failed calls explain half of them. Values that were stored are reported where they are
256 KiB on average, in at least 50 stores: the server's one thread is busy with each for as long as
with hundreds of others. Silent for pictures, which are as large as they are; those that are not
kept are asked about by fleet.images_drawn_twice.
"""

from __future__ import annotations

from dataclasses import asdict

from dbsbm.cache.categories import Category, Policy
from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.evidence import Evidence
from dbsbm.optimizer.fleet.wording import spell_bytes
from dbsbm.optimizer.missing import present
from dbsbm.optimizer.rules.cache.counts import (
    CategoryCounts,
    count,
    policy_command,
    undo_command,
)
from dbsbm.optimizer.wilson import wilson_bounds

NAME = "cache.oversized"

MIN_REFUSED = 20
TOLERATED_SHARE = 0.01
MIN_STORED = 50
LARGE_BYTES = 256 * 1024

_MOST_BYTES = 8 * 1024 * 1024  # what a policy's max_bytes may be
_COMPRESS_OVER = 4096


def examine(evidence: Evidence) -> list[Finding]:
    """Find the categories whose values are too large."""
    counters, policies = present(evidence.counters), present(evidence.policies)
    found = []
    for category in Category:
        if category.codec == "bytes":
            continue
        counts = count(counters, category)
        if _is_refused(counts):
            found.append(_refused(category, policies[category], counts))
        elif _is_large(counts):
            found.append(_large(category, policies[category], counts))
    return found


def _is_refused(counts: CategoryCounts) -> bool:
    if counts.drops < MIN_REFUSED or counts.errors >= counts.drops / 2:
        return False
    lower, _ = wilson_bounds(counts.drops, counts.drops + counts.sets)
    return lower > TOLERATED_SHARE


def _is_large(counts: CategoryCounts) -> bool:
    return counts.sets >= MIN_STORED and counts.mean_bytes >= LARGE_BYTES


def _refused(category: Category, policy: Policy, counts: CategoryCounts) -> Finding:
    larger = min(_MOST_BYTES, 2 * policy.max_bytes)
    raise_limit = (
        (policy_command(category, "max-bytes", str(larger)),) if larger > policy.max_bytes else ()
    )
    return Finding(
        rule=NAME,
        object=f"category {category}",
        severity="warning",
        cause=f"{counts.drops:.0f} values were made and not stored, and {counts.sets:.0f} were "
        f"stored: they are larger than {spell_bytes(policy.max_bytes)}. Each is made again for "
        "the next who asks.",
        evidence=_evidence(policy, counts),
        fix=(*raise_limit, "Store less in one value: a page of it, or the fields that are read."),
        revert=(undo_command(category),) if raise_limit else (),
        expected_gain=f"Up to {counts.drops:.0f} loads in the window"
        + (f", {counts.drops * counts.load_seconds:.3g} s." if counts.loads else "."),
        confidence=0.9,
        risk="low",
    )


def _large(category: Category, policy: Policy, counts: CategoryCounts) -> Finding:
    is_packed = policy.compress_over is not None and policy.compress_over <= counts.mean_bytes
    compress = (
        () if is_packed else (policy_command(category, "compress-over", f"{_COMPRESS_OVER}"),)
    )
    return Finding(
        rule=NAME,
        object=f"category {category}",
        severity="info" if is_packed else "warning",
        cause=f"A stored value is {spell_bytes(counts.mean_bytes)} on average, "
        + ("compressed already." if is_packed else "and it is not compressed."),
        evidence=_evidence(policy, counts),
        fix=(*compress, "Store what is read together, and no more, under one key."),
        revert=(undo_command(category),) if compress else (),
        expected_gain=f"{spell_bytes(counts.bytes_written)} were written in the window, and "
        f"{spell_bytes(counts.bytes_read)} read.",
        confidence=1.0,
        risk="low",
    )


def _evidence(policy: Policy, counts: CategoryCounts) -> dict[str, object]:
    return {
        **asdict(counts),
        "mean_bytes": counts.mean_bytes,
        "max_bytes": policy.max_bytes,
        "compress_over": policy.compress_over,
    }
