"""Does a lifetime end while nearly nothing has changed where the values come from?

Evidence: as of cache.ttl_too_long, and the time that loading took.

Only of the categories whose truth is outside. Silent below 200 reloads, where loading took less
than a minute of the window, where the lifetime that keeps to the budget of stale hits by the upper
bound is not at least twice as long, and where lifetimes are learned. It costs no wrong answers, so
it is for your information. No more is advised than four times the lifetime of the table.
"""

from __future__ import annotations

from datetime import timedelta

from dbsbm.cache.categories import OUTSIDE, Category, Policy
from dbsbm.cache.policy.spans import spell_span
from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.evidence import Evidence
from dbsbm.optimizer.learning.granting import BUDGET, LONGER
from dbsbm.optimizer.missing import present
from dbsbm.optimizer.rules.cache.counts import CategoryCounts, count, policy_command
from dbsbm.optimizer.rules.cache.learned import Learned, learned

NAME = "cache.ttl_too_short"

MIN_RELOADS = 200
MIN_LOADING = 60.0
_WORTH_A_CHANGE = 2


def examine(evidence: Evidence) -> list[Finding]:
    """Find the categories that are loaded again though nothing changed."""
    curves, policies = present(evidence.curves), present(evidence.policies)
    counters = present(evidence.counters)
    found = ((category, learned(curves, category)) for category in sorted(OUTSIDE))
    return [
        _finding(category, policies[category], known, counts)
        for category, known in found
        if known is not None
        and not policies[category].learned
        and (counts := count(counters, category)).load_ns >= MIN_LOADING * 1e9
        and known.looks >= MIN_RELOADS
        and _advised(category, known) >= _WORTH_A_CHANGE * policies[category].ttl
    ]


def _advised(category: Category, known: Learned) -> timedelta:
    return min(known.ttl, LONGER * category.ttl)


def _finding(category: Category, policy: Policy, known: Learned, counts: CategoryCounts) -> Finding:
    ttl = _advised(category, known)
    spared = counts.loads * (1 - policy.ttl / ttl)
    return Finding(
        rule=NAME,
        object=f"category {category}",
        severity="info",
        cause=f"{known.changes:.0f} of {known.looks:.0f} reloads found another value. A TTL of "
        f"{spell_span(ttl)} in place of {spell_span(policy.ttl)} leaves at most "
        f"{known.most_stale(ttl):.1%} of the hits stale, and {BUDGET:.0%} may be.",
        evidence={**known.evidence(policy), "mean_load_seconds": counts.load_seconds},
        fix=(
            policy_command(category, "learned", "yes"),
            f"Or, one for all its keys: {policy_command(category, 'ttl', spell_span(ttl))}",
        ),
        revert=(
            policy_command(category, "learned", "no"),
            policy_command(category, "ttl", spell_span(policy.ttl)),
        ),
        expected_gain=f"Up to {spared:.0f} of {counts.loads:.0f} loads in the window, "
        f"{spared * counts.load_seconds:.3g} s.",
        confidence=0.99,
        risk="medium",  # what changes otherwise tomorrow stays unseen for longer
    )
