"""Is anything stored that nobody reads?

Evidence: values stored, and reads that found one, by category.

Silent below 200 stores and where the window has less than six hours of samples: what is warmed at
noon is read in the evening. Silent where most stores follow a miss: those were asked for, and
whether they live long enough is asked by cache.hit_rate. It costs nobody an answer, so it is for
your information, until it takes 1 % of a processor.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

from dbsbm.cache.categories import Category
from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.evidence import Evidence
from dbsbm.optimizer.fleet.wording import spell_bytes
from dbsbm.optimizer.missing import present
from dbsbm.optimizer.rules.cache.counts import CategoryCounts, count
from dbsbm.optimizer.wilson import wilson_bounds

NAME = "cache.never_read"

MIN_STORED = 200
MIN_COVERED = timedelta(hours=6)
HITS_A_STORE = 0.1
"""A value that one of ten times is read once cannot be worth ten loads."""
EXPENSIVE_SHARE = 0.01


def examine(evidence: Evidence) -> list[Finding]:
    """Find the categories that are filled for nobody."""
    counters, covered = present(evidence.counters), present(evidence.covered)
    if covered < MIN_COVERED:
        return []
    found = ((category, count(counters, category)) for category in Category)
    return [_finding(category, counts, covered) for category, counts in found if _is_idle(counts)]


def _is_idle(counts: CategoryCounts) -> bool:
    if counts.sets < MIN_STORED or counts.misses >= counts.sets / 2:
        return False
    _, upper = wilson_bounds(min(counts.hits, counts.sets), counts.sets)
    return upper < HITS_A_STORE


def _finding(category: Category, counts: CategoryCounts, covered: timedelta) -> Finding:
    seconds = counts.load_ns / 1e9
    is_expensive = seconds >= EXPENSIVE_SHARE * covered.total_seconds()
    return Finding(
        rule=NAME,
        object=f"category {category}",
        severity="warning" if is_expensive else "info",
        cause=f"{counts.sets:.0f} values were stored and {counts.hits:.0f} reads found one: it is "
        "filled in advance, and nobody asks for it.",
        evidence=asdict(counts),
        fix=(
            f"Leave {category} out of the categories of cache-warm in beat_schedule.py.",
            "Or warm less often: SCHEDULE_OVERRIDES='{\"cache-warm\": 1800}'.",
        ),
        revert=("Put it back, and restart beat.",),
        expected_gain=f"{counts.loads:.0f} loads of {seconds:.3g} s together and "
        f"{spell_bytes(counts.bytes_written)} written in the window.",
        confidence=0.975,
        risk="low",
    )
