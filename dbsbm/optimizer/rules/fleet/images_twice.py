"""Are slips drawn whose picture is then not kept, so that they are drawn again?

Evidence: pictures that were drawn (loads of image_cache), those that were stored, and those that
were not.

A picture's key is its content, so what is kept is never drawn twice in a day; what is not kept is
drawn for each who asks. Found where, by the Wilson lower bound, more than 5 % of the pictures and
at least 20 were not stored. Silent for loads that failed: they made no picture.
"""

from __future__ import annotations

from dbsbm.cache.categories import Category
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
from dbsbm.optimizer.rules.describe import counted
from dbsbm.optimizer.wilson import wilson_bounds

NAME = "fleet.images_drawn_twice"

MIN_LOST = 20
TOLERATED_SHARE = 0.05
_CATEGORY = Category.IMAGE_CACHE
_MOST_BYTES = 8 * 1024 * 1024


def examine(evidence: Evidence) -> list[Finding]:
    """Find pictures that are drawn for one answer."""
    counters, policies = present(evidence.counters), present(evidence.policies)
    counts = count(counters, _CATEGORY)
    drawn = counts.loads - counts.load_errors
    lost = min(drawn, max(0.0, drawn - counts.sets))
    lower, _ = wilson_bounds(max(0.0, lost), max(0.0, drawn))
    if lost < MIN_LOST or lower <= TOLERATED_SHARE:
        return []
    return [_finding(counts, policies[_CATEGORY].max_bytes, drawn, lost)]


def _finding(counts: CategoryCounts, max_bytes: int, drawn: float, lost: float) -> Finding:
    is_away = counts.errors >= lost / 2
    larger = min(_MOST_BYTES, 2 * max_bytes)
    cause = (
        f"{counted(counts.errors, 'call')} of the cache's server failed."
        if is_away
        else f"They are larger than {spell_bytes(max_bytes)}."
    )
    return Finding(
        rule=NAME,
        object="slips",
        severity="warning",
        cause=f"{lost:.0f} of {drawn:.0f} pictures were drawn and not kept. {cause}",
        evidence={
            "drawn": drawn,
            "stored": counts.sets,
            "drops": counts.drops,
            "errors": counts.errors,
            "mean_load_seconds": counts.load_seconds,
        },
        fix=("Look at the cache's server and the way to it: python -m dbsbm cache health.",)
        if is_away
        else (policy_command(_CATEGORY, "max-bytes", str(larger)),),
        revert=() if is_away else (undo_command(_CATEGORY),),
        expected_gain=f"{lost * counts.load_seconds:.3g} s of drawing in the window.",
        confidence=0.95,
        risk="low",
    )
