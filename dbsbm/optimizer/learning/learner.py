"""Learns a lifetime for each key of one class, while the keys are loaded."""

from __future__ import annotations

from itertools import islice
from math import sqrt
from typing import Final

from dbsbm.optimizer.learning.rate import Rate, blend
from dbsbm.optimizer.learning.together import Together

MOST_KEYS: Final = 5_000
"""Keys that are remembered, some 300 bytes each; those that were loaded longest ago go."""
_CAUTION: Final = 0.3
"""How much less of the budget is planned for, by how much the rates of keys differ (the standard
deviation of their spread, in means). The rest is for what is under way when rates jump: where keys
are alike that is little, and where one of them may change a thousand times as often as another, a
popular key that begins to do so has been granted far too long a lifetime."""
_DEVIATIONS: Final = 0.5
"""Standard deviations that a key's rate is taken to be above its mean. All keys together keep to
the budget: the sum of many is far surer than each, but of the keys that seem to change the least,
more seem so than do."""
_SHIFT_EVERY: Final = 7200.0
"""Seconds between two times that a key's rate becomes another, without reason, on average."""
_LEAST_DOUBT: Final = 1e-3
_SPREAD_EVERY: Final = 30.0
_SAMPLE: Final = 2000
_LEAST_SAMPLE: Final = 10
_ENOUGH_CHANGES, _ENOUGH_LOOKS = 30, 500
"""Changes, or looks even without any, from which on the spread of rates is what was seen, and no
longer what was assumed."""


class LifetimeLearner:
    """Lifetimes of which no more than a share is stale.

    What is learned of a key is how often it changes, by whether it had changed when it was loaded
    anew; what is learned of all keys is how these rates are spread, which is what a key begins
    with, and how much more than ever they change together just now, such as when markets open. A
    key's lifetime is that of which the budget's share is stale, whenever its hits come: so how
    often keys are read need not be known, and popular keys are as fresh as others. Data is taken to
    change once within the table's lifetime, on average, until something else was seen.

    One thread at a time.

    Args:
        budget: Share of the hits that may be stale, above 0 and below 1.
        table_ttl: Lifetime by the table of categories, seconds.
    """

    def __init__(self, *, budget: float, table_ttl: float) -> None:
        self._budget = budget
        self._known: dict[object, Rate] = {}
        self._assumed = self._spread = Rate(0.5, 0.5 * table_ttl)
        self._together = Together()
        self._seen = 0.0
        self._spread_at = float("-inf")

    def lifetime(self, key: object) -> float:
        """How long the value of a key may be kept, in seconds."""
        rate = self._known.get(key, self._spread)
        # The inverse of `stale_share`, 1 - (1 - exp(-x)) / x = x / 2 - x^2 / 6 + ..., for shares
        # of a few percent.
        share = self._budget / (1 + _CAUTION / sqrt(self._spread.shape))
        changes = 2 * share * (1 + 2 * share / 3)
        return changes / (rate.upper(_DEVIATIONS) * self._together.factor)

    def learn(self, key: object, age: float, now: float, *, changed: bool) -> None:
        """Take in what loading a value anew has shown of the one that was there.

        Args:
            key: Its key.
            age: Seconds since that was loaded.
            now: Seconds of a clock that only grows.
            changed: The new one is another.
        """
        age = max(age, 1e-3)
        if now - self._spread_at >= _SPREAD_EVERY:
            self._spread_at, self._spread = now, self._spread_of_keys()
        belief = self._known.pop(key, self._spread)
        self._together.learn(belief.mean * age, now, changed=changed)
        if len(self._known) >= MOST_KEYS:
            del self._known[next(iter(self._known))]
        self._known[key] = self._learned(belief, age * self._together.factor, changed=changed)
        self._seen += 1 / _ENOUGH_CHANGES if changed else 1 / _ENOUGH_LOOKS

    def _learned(self, belief: Rate, age: float, *, changed: bool) -> Rate:
        """The belief after a look, if its key may meanwhile have become like any other."""
        after = belief.after(age, changed=changed)
        doubt = min(0.5, age / _SHIFT_EVERY)
        as_before = (1 - doubt) * belief.likelihood(age, changed=changed)
        anew = doubt * self._spread.likelihood(age, changed=changed)
        share = anew / (as_before + anew)
        if share < _LEAST_DOUBT:
            return after
        return blend(after, self._spread.after(age, changed=changed), share)

    def _spread_of_keys(self) -> Rate:
        """How the rates of keys are spread: what a key is believed to be before it is seen."""
        rates = list(islice(reversed(self._known.values()), _SAMPLE))
        if len(rates) < _LEAST_SAMPLE:
            return self._assumed
        mean = sum(each.mean for each in rates) / len(rates)
        square = sum(each.mean**2 + each.variance for each in rates) / len(rates)
        variance = max(square - mean * mean, mean * mean * 0.05)
        weight = min(1.0, self._seen)
        return Rate(
            self._assumed.shape * (1 - weight) + weight * mean * mean / variance,
            self._assumed.seconds * (1 - weight) + weight * mean / variance,
        )
