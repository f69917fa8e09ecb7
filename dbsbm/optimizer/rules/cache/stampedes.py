"""Do many callers wait for one load, again and again?

Evidence: callers that waited for somebody else's load, loads and their time, by category.

The cache lets one caller load and the others wait, so that the source is spared; they wait all the
same. Silent below 100 waits, below three waits a load, and for loads of less than 100 ms: a wait
that short is not felt.
"""

from __future__ import annotations

from datetime import timedelta

from dbsbm.cache.categories import Category, Policy
from dbsbm.cache.policy.spans import spell_span
from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.evidence import Evidence
from dbsbm.optimizer.missing import present
from dbsbm.optimizer.rules.cache.counts import (
    CategoryCounts,
    count,
    policy_command,
    undo_command,
)

NAME = "cache.stampede"

MIN_WAITS = 100
WAITS_A_LOAD = 3.0
FELT_SECONDS = 0.1


def examine(evidence: Evidence) -> list[Finding]:
    """Find the categories whose loads hold many callers up."""
    counters, policies = present(evidence.counters), present(evidence.policies)
    found = ((category, count(counters, category)) for category in Category)
    return [
        _finding(category, policies[category], counts)
        for category, counts in found
        if counts.waits >= max(MIN_WAITS, WAITS_A_LOAD * counts.loads)
        and counts.load_seconds >= FELT_SECONDS
    ]


def _finding(category: Category, policy: Policy, counts: CategoryCounts) -> Finding:
    has_grace = policy.grace > timedelta(0)
    return Finding(
        rule=NAME,
        object=f"category {category}",
        severity="warning",
        cause=f"{counts.waits:.0f} callers waited for {counts.loads:.0f} loads of "
        f"{counts.load_seconds:.2f} s: a value that many read was gone, and "
        + (
            f"its grace of {spell_span(policy.grace)} did not bridge the load."
            if has_grace
            else "without grace nothing is served during a load."
        ),
        evidence={
            "waits": counts.waits,
            "loads": counts.loads,
            "mean_load_seconds": counts.load_seconds,
            "invalidations": counts.invalidations,
            "grace_seconds": policy.grace.total_seconds(),
        },
        fix=_fix(category, policy, counts, has_grace=has_grace),
        revert=() if has_grace else (undo_command(category),),
        expected_gain=f"About {counts.waits * counts.load_seconds / 2:.3g} s of waiting in the "
        "window, half a load for each that waited.",
        confidence=0.9,
        risk="low",
    )


def _fix(
    category: Category, policy: Policy, counts: CategoryCounts, *, has_grace: bool
) -> tuple[str, ...]:
    if not has_grace:
        return (
            policy_command(category, "grace", spell_span(policy.ttl)),
            "Or warm what is read most before it ends: python -m dbsbm cache top names it.",
        )
    if counts.invalidations >= counts.loads / 2:
        return (
            "Invalidate the keys that changed, not the category: what is removed has no grace.",
        )
    return ("Warm what is read most before it is asked for: python -m dbsbm cache top names it.",)
