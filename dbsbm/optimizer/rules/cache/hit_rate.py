"""Does each category of the cache answer at least 80 % of its reads, and if not, why?

Evidence: what the cache counted by category in the window, the keys its server evicted, and the
policies in force: those of the code, with what operators changed.

Silent where a category had fewer than 200 reads, and where the Wilson upper bound of its hit rate
still reaches the target: the rate may then be good and its sample unlucky. Pictures are not judged:
their key is what they show, so that the first of each is a miss and most are asked for once.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta

from dbsbm.cache.categories import Category, Policy
from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.evidence import Evidence
from dbsbm.optimizer.missing import Missing, present
from dbsbm.optimizer.rules.cache.counts import CategoryCounts, count
from dbsbm.optimizer.wilson import wilson_bounds

NAME = "cache.hit_rate"

TARGET = 0.80
MIN_READS = 200


@dataclass(frozen=True, slots=True)
class _Cause:
    text: str
    fix: tuple[str, ...]


def examine(evidence: Evidence) -> list[Finding]:
    """Find the categories whose hit rate is surely below the target."""
    counters, policies = present(evidence.counters), present(evidence.policies)
    everything = {category: count(counters, category) for category in Category}
    stored = sum(counts.sets for counts in everything.values())
    evicted = 0 if isinstance(evidence.evicted_keys, Missing) else evidence.evicted_keys
    evicted_share = min(1.0, evicted / stored) if stored else 0.0
    return [
        _finding(category, policies[category], counts, evicted_share)
        for category, counts in everything.items()
        if category is not Category.IMAGE_CACHE and _is_low(counts)
    ]


def _is_low(counts: CategoryCounts) -> bool:
    if counts.reads < MIN_READS:
        return False
    _, upper = wilson_bounds(counts.hits, counts.reads)
    return upper < TARGET


def _finding(
    category: Category, policy: Policy, counts: CategoryCounts, evicted_share: float
) -> Finding:
    cause = _likely_cause(policy, counts, evicted_share)
    rate = counts.hits / counts.reads
    return Finding(
        rule=NAME,
        object=f"category {category}",
        severity="warning",
        cause=f"{rate:.0%} of {counts.reads:.0f} reads were hits. Likely cause: {cause.text}",
        evidence={
            **asdict(counts),
            "hit_rate_bounds": wilson_bounds(counts.hits, counts.reads),
            "target": TARGET,
            "ttl_seconds": policy.ttl.total_seconds(),
            "evicted_share": evicted_share,
        },
        fix=cause.fix,
        expected_gain=_gain(counts),
        confidence=0.975,
        risk="low",
    )


def _likely_cause(policy: Policy, counts: CategoryCounts, evicted_share: float) -> _Cause:
    """The first that explains it, from what makes all others moot to what is left."""
    if counts.errors >= 0.1 * counts.reads:
        return _Cause(
            f"{counts.errors:.0f} calls failed, as the cache's server was away or too slow.",
            ("Look at the cache's server and the way to it before anything else.",),
        )
    if counts.drops > counts.sets:
        return _Cause(
            f"{counts.drops:.0f} values were not stored and {counts.sets:.0f} were; they are "
            f"larger than {policy.max_bytes} bytes, or the server refused them.",
            ("Store less in one value, or raise max_bytes of the category.",),
        )
    if not counts.sets:
        return _Cause(
            "nothing was stored in this time; the values are read, and never loaded or warmed.",
            ("Read through get_or_load, or have the category warmed.",),
        )
    if counts.invalidations >= 0.5 * counts.sets:
        return _Cause(
            f"{counts.invalidations:.0f} invalidations removed what {counts.sets:.0f} stores had "
            "written.",
            ("Invalidate the keys that changed, not the category; or cache what changes less.",),
        )
    if evicted_share >= 0.2:
        return _Cause(
            f"the server evicted {evicted_share:.0%} of what was stored, as it is full.",
            ("Raise the server's maxmemory.",),
        )
    return _ends_too_early(policy, counts)


def _ends_too_early(policy: Policy, counts: CategoryCounts) -> _Cause:
    return _Cause(
        f"a stored value is hit {counts.hits / counts.sets:.1f} times before its TTL of "
        f"{_spoken(policy.ttl)} ends.",
        (
            "Warm the keys that are read soon after they end.",
            "Lengthen the TTL, where the truth behind the value may be that old.",
        ),
    )


def _gain(counts: CategoryCounts) -> str:
    """Arithmetic on the window's own numbers, not a forecast."""
    spared = TARGET * counts.reads - counts.hits
    text = f"At 80 %, {spared:.0f} of {counts.misses:.0f} misses would have been hits"
    if counts.loads:
        seconds = counts.load_ns / counts.loads / 1e9 * spared
        text += f", sparing about {seconds:.3g} s of loading"
    return f"{text}."


def _spoken(span: timedelta) -> str:
    minutes = span.total_seconds() / 60
    return f"{minutes / 60:g} h" if minutes >= 60 else f"{minutes:g} min"
