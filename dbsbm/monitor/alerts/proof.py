"""How sure a few readings make one: the two bounds that the alerts stand on."""

from __future__ import annotations

import math

# One-sided 95 %: an alert is about one side of a threshold.
Z = 1.645


def wilson(hits: float, trials: float, z: float = Z) -> tuple[float, float]:
    """The interval that a true share lies in, given `hits` of `trials`.

    Unlike the normal approximation it stays true for few trials and for shares near 0 and 1.
    E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    JASA 22 (1927). Without trials nothing is known: (0, 1).
    """
    if trials <= 0:
        return 0.0, 1.0
    share = min(max(hits / trials, 0.0), 1.0)
    square = z * z / trials
    middle = (share + square / 2) / (1 + square)
    half = z / (1 + square) * math.sqrt(share * (1 - share) / trials + square / (4 * trials))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def surprise(hits: int, trials: int, usual: float) -> float:
    """How unlikely `hits` of `trials` are where the share is usually `usual`, in nats.

    The chance of so many hits or more is at most exp(-surprise): the Chernoff bound of a binomial
    tail, W. Hoeffding, "Probability inequalities for sums of bounded random variables", JASA 58
    (1963), theorem 1. 0 where the share is not above the usual one.
    """
    if trials <= 0 or hits <= trials * usual:
        return 0.0
    share = hits / trials
    divergence = share * math.log(share / usual)
    if share < 1:
        divergence += (1 - share) * math.log((1 - share) / (1 - usual))
    return trials * divergence
