"""Does a lifetime keep values that have changed where they come from?

Evidence: reloads of values that were still there, by category and class of keys: how old each was
and whether it had changed. How often values change is learned from that, and with it the share of
hits that were stale.

Only of the categories whose truth is outside; what our commits change is invalidated. Silent below
50 reloads or 10 changes, and where the share of stale hits is not above the budget of 2 % by its
lower bound, three standard deviations below what is believed. The lifetime that is advised keeps
to the budget by the upper bound. Where values began to change otherwise, only the last two hours
are believed.
"""

from __future__ import annotations

from dbsbm.cache.categories import OUTSIDE, Category, Policy
from dbsbm.cache.policy.spans import spell_span
from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.evidence import Evidence
from dbsbm.optimizer.learning.granting import BUDGET
from dbsbm.optimizer.missing import present
from dbsbm.optimizer.rules.cache.counts import policy_command
from dbsbm.optimizer.rules.cache.learned import Learned, learned

NAME = "cache.ttl_too_long"

MIN_RELOADS = 50
MIN_CHANGES = 10


def examine(evidence: Evidence) -> list[Finding]:
    """Find the categories whose hits are too often stale."""
    curves, policies = present(evidence.curves), present(evidence.policies)
    found = ((category, learned(curves, category)) for category in sorted(OUTSIDE))
    return [
        _finding(category, policies[category], known)
        for category, known in found
        if known is not None and _is_stale(policies[category], known)
    ]


def _is_stale(policy: Policy, known: Learned) -> bool:
    if known.looks < MIN_RELOADS or known.changes < MIN_CHANGES:
        return False
    return known.ttl < policy.ttl and known.least_stale(policy.ttl) > BUDGET


def _finding(category: Category, policy: Policy, known: Learned) -> Finding:
    least, ttl = known.least_stale(policy.ttl), min(known.ttl, category.ttl)
    return Finding(
        rule=NAME,
        object=f"category {category}",
        severity="warning",
        cause=f"{known.changes:.0f} of {known.looks:.0f} reloads found another value: at least "
        f"{least:.1%} of the hits are stale by a TTL of {spell_span(policy.ttl)}, and {BUDGET:.0%} "
        f"may be. {spell_span(ttl)} keep to that.",
        evidence=known.evidence(policy),
        fix=(
            *(() if policy.learned else (policy_command(category, "learned", "yes"),)),
            f"Or, one for all its keys: {policy_command(category, 'ttl', spell_span(ttl))}",
            "Or have whatever learns of the change invalidate the key.",
        ),
        revert=(
            policy_command(category, "learned", "yes" if policy.learned else "no"),
            policy_command(category, "ttl", spell_span(policy.ttl)),
        ),
        expected_gain=f"At most {known.most_stale(ttl):.1%} of the hits stale, for more loads: one "
        f"in {spell_span(ttl)} of each key that is read.",
        confidence=0.99,
        risk="low",
    )
