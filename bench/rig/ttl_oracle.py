"""What a lifetime costs and gains, for whoever knows the rates: the oracle of learned lifetimes.

A value is loaded, read `reads` times a second for its lifetime, and loaded again by the first read
after that. Of `1 + reads * ttl` reads one is a load; of the others those are stale that come after
the first change: `reads * (ttl - (1 - exp(-changes * ttl)) / changes)` on average.
"""

from __future__ import annotations

from math import exp, expm1, sqrt


def stale_hits(reads: float, changes: float, ttl: float) -> float:
    """Expected stale hits of one lifetime."""
    expected = changes * ttl
    if expected < 1e-4:
        return reads * ttl * expected / 2
    return reads * (ttl + expm1(-expected) / changes)


def best_ttl(reads: float, changes: float, price: float, longest: float) -> float:
    """The lifetime that gains most where a stale hit costs as much as `price` hits gain.

    Maximises (hits - price * stale hits) a second. With `x = 1 - exp(-changes ttl)` its derivative
    is zero where `x (1 + reads ttl) - reads (ttl - x / changes) = 1 / price`, of which the left
    side grows with the lifetime. For a small chance of a change it is `changes ttl + reads changes
    ttl^2 / 2`, whose root the search begins with: that is never longer than the solution.

    Args:
        reads: A second.
        changes: A second.
        price: At least 1.
        longest: The longest lifetime, seconds.
    """
    target = 1 / price
    ttl = (sqrt(1 + 2 * reads * target / changes) - 1) / reads
    for _ in range(3):
        if ttl >= longest:
            return longest
        kept = exp(-changes * ttl)
        value = (1 - kept) * (1 + reads * ttl) - reads * (ttl - (1 - kept) / changes)
        slope = changes * kept * (1 + reads * ttl)
        if slope < 1e-12:
            return longest
        ttl += max(0.0, target - value) / slope
    return min(ttl, longest)
