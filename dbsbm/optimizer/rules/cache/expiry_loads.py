"""Does a lifetime end what only our own commits can change?

Evidence: by category, loads of values that were still there. Such a load was asked for by the
lifetime alone: had a commit changed the value, it would have been removed.

Only of the categories whose truth is our own database, and which our commits therefore invalidate.
Silent below 200 such loads, and where the Wilson lower bound of their share of all loads is not
above one half. It costs nobody a wrong answer, so it is for your information, until loading takes
5 % of a processor.
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
from dbsbm.optimizer.wilson import wilson_bounds

NAME = "cache.invalidate_instead"

OWN_TRUTH = (Category.DB_QUERY, Category.USER_DATA, Category.GUILD_DATA)
"""Read from our own tables, by functions whose results our commits invalidate."""
MIN_RELOADS = 200
MIN_SHARE = 0.5
EXPENSIVE_SHARE = 0.05

_LONGER = 6
_LONGEST = timedelta(hours=24)  # bounds what was written past the application


def examine(evidence: Evidence) -> list[Finding]:
    """Find the categories that are loaded again though nothing changed."""
    counters, policies = present(evidence.counters), present(evidence.policies)
    covered = present(evidence.covered)
    found = ((category, count(counters, category)) for category in OWN_TRUTH)
    return [
        _finding(category, policies[category], counts, covered)
        for category, counts in found
        if policies[category].ttl < _LONGEST and _is_reloaded(counts)
    ]


def _is_reloaded(counts: CategoryCounts) -> bool:
    if counts.refreshes < MIN_RELOADS:
        return False
    lower, _ = wilson_bounds(min(counts.refreshes, counts.loads), counts.loads)
    return lower > MIN_SHARE


def _finding(
    category: Category, policy: Policy, counts: CategoryCounts, covered: timedelta
) -> Finding:
    ttl = min(_LONGEST, _LONGER * policy.ttl)
    is_expensive = counts.load_ns / 1e9 >= EXPENSIVE_SHARE * covered.total_seconds()
    return Finding(
        rule=NAME,
        object=f"category {category}",
        severity="warning" if is_expensive else "info",
        cause=f"{counts.refreshes:.0f} of {counts.loads:.0f} loads read again what was still "
        f"there, as its {spell_span(policy.ttl)} were over. Our own commits invalidate it when "
        "it changes.",
        evidence={
            "refreshes": counts.refreshes,
            "loads": counts.loads,
            "mean_load_seconds": counts.load_seconds,
            "ttl_seconds": policy.ttl.total_seconds(),
        },
        fix=(policy_command(category, "ttl", spell_span(ttl)),),
        revert=(undo_command(category),),
        expected_gain=f"Up to {counts.refreshes * (1 - policy.ttl / ttl):.0f} loads in the window, "
        f"{counts.refreshes * (1 - policy.ttl / ttl) * counts.load_seconds:.3g} s.",
        confidence=0.975,
        risk="medium",  # what is written past the application stays unseen for longer
    )
