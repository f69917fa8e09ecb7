"""Learns a lifetime for each key of one category."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import exp, expm1, sqrt
from typing import Final, NamedTuple

from dbsbm.optimizer.learning.account import StaleAccount
from dbsbm.optimizer.learning.bias import Bias
from dbsbm.optimizer.learning.lifetime import best_ttl, stale_hits
from dbsbm.optimizer.learning.rate import Rate, blend
from dbsbm.optimizer.learning.together import Together

MOST_KEYS: Final = 20_000
"""Keys that are remembered, some 400 bytes each; those that were not loaded for longest go."""
_LEAST_PRICE: Final = 1.0
_MOST_PRICE: Final = 1e6
_READ_MEMORY: Final = 1800.0
"""Seconds over which a key's reads are averaged."""
_SHIFT_EVERY: Final = 7200.0
"""Seconds between two times that a key's rate becomes another, without reason, on average."""
_LEAST_DOUBT: Final = 1e-3
_SAMPLE: Final = 256
_PLAN_EVERY: Final = 30.0
_PLAN_AGAIN: Final = 3.0
"""Seconds between two plans, where nothing has moved and where all keys together did."""
_MOVED: Final = 1.15
_PRICE_STEPS: Final = 7


class Reload(NamedTuple):
    """What a reload has shown of the value that was kept before.

    Attributes:
        age: Seconds from its load to this one.
        hits: Reads that it answered.
        mean_hit_age: Its mean age at these reads, in seconds; 0 where there were none.
        changed: The new value is another.
    """

    age: float
    hits: int
    mean_hit_age: float
    changed: bool


@dataclass(slots=True)
class _Known:
    """What is known of one key.

    Attributes:
        changes: Belief about its changes a second, where all keys together change as ever.
        reads: Reads seen lately, and `seconds` in which.
        at: When it was loaded last.
        paid: What was booked for its present lifetime.
    """

    changes: Rate
    reads: float
    seconds: float
    at: float
    paid: float = 0.0


class _Grant(NamedTuple):
    """A lifetime that was granted, for the price to be set by."""

    reads: float
    changes: Rate
    ttl: float


class TtlLearner:
    """Lifetimes under a stale budget.

    What is learned of a key is how often it is read and how often it changes; what is learned of
    all keys is how these rates are spread, which is what a key begins with, and how much more than
    ever they change together just now, such as when markets open. The lifetimes are those that gain
    the most hits for the stale reads that the account can pay, all at one price. Where nothing is
    known, data is taken to change once within the table's lifetime, on average, and no lifetime is
    longer than that until enough has been seen.

    One thread at a time.

    Args:
        budget: Share of all reads that may be stale.
        table_ttl: Lifetime by the table of categories, seconds.
        longest: No lifetime is ever longer, seconds.
    """

    def __init__(self, *, budget: float, table_ttl: float, longest: float) -> None:
        self.account = StaleAccount(budget)
        self._table_ttl = table_ttl
        self._longest = longest
        self._known: dict[object, _Known] = {}
        self._spread = Rate(0.5, 0.5 * table_ttl)
        self._together = Together()
        self._bias = Bias()
        self._grants: deque[_Grant] = deque(maxlen=_SAMPLE)
        self._price = 1 / budget
        self._planned_at = 0.0
        self._planned_for = 1.0
        self._seen = 0.0

    def loaded(self, key: object, now: float, reload: Reload | None = None) -> float:
        """Take in a load, and say how long the value may be kept.

        Args:
            key: What was loaded.
            now: Seconds of a clock that only grows.
            reload: What it has shown, where a value was kept before; None for a first load.

        Returns:
            Seconds, 0 where it may not be kept at all.
        """
        known = self._known.pop(key, None)
        if known is None:
            known = self._first(now)
        elif reload is not None:
            self._learn(known, reload, now)
        self._known[key] = known
        known.at = now
        self.account.pay_in(1 if reload is None else reload.hits + 1, now)
        if self._is_plan_due(now):
            self._plan(now)
        return self._grant(known)

    @property
    def has_learned(self) -> bool:
        """Whether lifetimes may be longer than the table's: enough changes were seen."""
        return self._seen >= 30.0

    def _first(self, now: float) -> _Known:
        if len(self._known) >= MOST_KEYS:
            del self._known[next(iter(self._known))]
        return _Known(Rate(self._spread.shape, self._spread.seconds), 0.0, 0.0, now)

    def _learn(self, known: _Known, reload: Reload, now: float) -> None:
        age, changed = max(reload.age, 1e-3), reload.changed
        self._settle(known, reload, age, now)
        self._together.learn(known.changes.mean * age, now, changed=changed)
        known.changes = self._learned(known.changes, age * self._together.factor, changed=changed)
        keep = exp(-age / _READ_MEMORY)
        known.reads = known.reads * keep + reload.hits + 1
        known.seconds = known.seconds * keep + age
        self._seen += changed

    def _settle(self, known: _Known, reload: Reload, age: float, now: float) -> None:
        """Book what the reload has shown in place of what was expected."""
        stale, variance = 0.0, 0.0
        if reload.hits:
            rate = known.changes.mean * self._together.factor
            # By Jensen's inequality at least what the hits' own ages would come to.
            before = -expm1(-rate * reload.mean_hit_age)
            if reload.changed:
                stale = reload.hits * min(1.0, before / -expm1(-rate * age))
                variance = reload.hits**2 / 12
            self._bias.learn(reload.hits * before, stale, now)
        self.account.pay(stale - known.paid, variance)
        known.paid = 0.0

    def _learned(self, belief: Rate, age: float, *, changed: bool) -> Rate:
        """The belief after a look, if its key may meanwhile have become like any other."""
        after = belief.after(age, changed=changed)
        likely, anew = belief.chance(age), self._spread.chance(age)
        doubt = min(0.5, age / _SHIFT_EVERY)
        weights = (
            (1 - doubt) * (likely if changed else 1 - likely),
            doubt * (anew if changed else 1 - anew),
        )
        share = weights[1] / (weights[0] + weights[1])
        if share < _LEAST_DOUBT:
            return after
        return blend(after, self._spread.after(age, changed=changed), share)

    def _grant(self, known: _Known) -> float:
        if self.account.left <= 0:
            return 0.0
        reads = self._reads_of(known)
        changes = known.changes.mean * self._together.factor
        longest = self._longest if self.has_learned else self._table_ttl
        longest = min(longest, self.account.stake / reads)
        ttl = best_ttl(reads, changes, self._price, longest)
        known.paid = stale_hits(reads, changes, ttl) * self._bias.factor
        self.account.pay(known.paid)
        self._grants.append(_Grant(reads, known.changes, ttl))
        return ttl

    def _reads_of(self, known: _Known) -> float:
        # As if one more read had taken a minute: rare keys stay rare until they are seen often.
        return (known.reads + 1) / (known.seconds + 60.0)

    def _is_plan_due(self, now: float) -> bool:
        passed = now - self._planned_at
        moved = self._together.factor / self._planned_for
        has_moved = moved > _MOVED or moved < 1 / _MOVED
        return passed >= (_PLAN_AGAIN if has_moved else _PLAN_EVERY)

    def _plan(self, now: float) -> None:
        """Set the price at which the lifetimes spend what the account can pay."""
        self._planned_at, self._planned_for = now, self._together.factor
        if not self._grants:
            return
        self._spread = self._spread_of_keys()
        together = self._planned_for
        # A key is in the sample as often as it is loaded: its weight undoes that.
        sample = [
            (each.reads, each.changes.mean * together, each.ttl + 1 / each.reads)
            for each in self._grants
        ]
        reads = sum(weight * reads for reads, _, weight in sample)
        wanted = self.account.plan / self._bias.factor * reads
        self._price = self._affordable(sample, wanted)

    def _affordable(self, sample: list[tuple[float, float, float]], wanted: float) -> float:
        """The lowest price at which no more is spent than wanted, to 2 %."""
        low = high = self._price
        while high < _MOST_PRICE and self._spent(sample, high) > wanted:
            low, high = high, high * 8
        while low > _LEAST_PRICE and self._spent(sample, low) <= wanted:
            low, high = low / 8, low
        for _ in range(_PRICE_STEPS):
            middle = sqrt(low * high)
            if self._spent(sample, middle) > wanted:
                low = middle
            else:
                high = middle
        return high

    def _spent(self, sample: list[tuple[float, float, float]], price: float) -> float:
        spent, stake = 0.0, self.account.stake
        for reads, changes, weight in sample:
            ttl = best_ttl(reads, changes, price, min(self._longest, stake / reads))
            spent += weight * stale_hits(reads, changes, ttl) / (ttl + 1 / reads)
        return spent

    def _spread_of_keys(self) -> Rate:
        """How the rates of keys are spread: what a key is believed to be before it is seen."""
        total = mean = square = 0.0
        for each in self._grants:
            weight, changes = each.ttl + 1 / each.reads, each.changes
            total += weight
            mean += weight * changes.mean
            square += weight * (changes.mean**2 + changes.variance)
        mean, square = mean / total, square / total
        variance = max(square - mean * mean, mean * mean * 0.05)
        weight = min(1.0, self._seen / 30.0)
        return Rate(
            self._spread.shape * (1 - weight) + weight * mean * mean / variance,
            self._spread.seconds * (1 - weight) + weight * mean / variance,
        )
