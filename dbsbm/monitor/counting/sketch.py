"""Quantiles of any number of values in little memory, with a stated relative error.

DDSketch: C. Masson, J. E. Rim, H. K. Lee, "DDSketch: A Fast and Fully-Mergeable Quantile Sketch
with Relative-Error Guarantees", PVLDB 12(12), 2019. A value x > 0 is counted in the bucket
ceil(log_gamma x), where gamma = (1 + ALPHA) / (1 - ALPHA); the middle of that bucket is within
ALPHA of x. Merging adds buckets up: what is merged is as exact as what was counted at once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate, repeat
from math import ceil, exp2, inf, log2
from operator import mul, sub

import msgspec

from dbsbm.monitor.counting.stats import Stats

ALPHA = 0.0075
"""Most that a quantile is off, relative to the value that has its rank."""
MAX_BUCKETS = 2048
"""Buckets of one sign, enough for 13 orders of magnitude; below, the lowest share one."""
SMALLEST = 1e-12
"""What is nearer to zero counts as zero."""

# Of base 2, which is computed in less than half the time of the natural one.
_LOG_GAMMA = log2((1 + ALPHA) / (1 - ALPHA))
_SCALE = 1 / _LOG_GAMMA
# From a bucket's upper end to the value that is as far, relatively, from both ends.
_MIDDLE = 1 - ALPHA
_FEW = 12

_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(tuple[int, list[int], list[int], list[int], list[int]])

Buckets = dict[int, int]


class Sketch(Stats):
    """Count, sum and extremes exactly, and every quantile within `ALPHA` of the true one."""

    __slots__ = ("negative", "positive", "zeros")

    def __init__(
        self,
        count: int = 0,
        total: float = 0.0,
        low: float = inf,
        high: float = -inf,
        last: float = 0.0,
    ) -> None:
        super().__init__(count, total, low, high, last)
        self.positive: Buckets = {}
        self.negative: Buckets = {}
        self.zeros = 0

    def quantile(self, q: float) -> float:
        """The value of rank floor(q * (count - 1)), within ALPHA; the extremes are exact.

        Args:
            q: From 0, the lowest, to 1, the highest.

        Raises:
            ValueError: `q` is out of range, or there are no values.
        """
        return self.quantiles(q)[0]

    def quantiles(self, *qs: float) -> list[float]:
        """Several quantiles, for hardly more than the price of one; see `quantile`."""
        if not self.count:
            raise ValueError("a sketch without values has no quantiles")
        for q in qs:
            if not 0 <= q <= 1:
                raise ValueError(f"a quantile is between 0 and 1, not {q}")
        negative = sorted(self.negative, reverse=True)
        positive = sorted(self.positive)
        counts = [*map(self.negative.__getitem__, negative), self.zeros]
        ends = list(accumulate([*counts, *map(self.positive.__getitem__, positive)]))

        def at(rank: int) -> float:
            """The middle of the bucket that holds the value of this rank."""
            if rank <= 0 or rank >= self.count - 1:
                return self.low if rank <= 0 else self.high
            place = bisect_right(ends, rank)
            if place < len(negative):
                return -_value(negative[place])
            return _value(positive[place - len(counts)]) if place >= len(counts) else 0.0

        return [min(max(at(int(q * (self.count - 1))), self.low), self.high) for q in qs]

    def merge(self, other: Stats) -> None:
        """Add what another sketch holds."""
        super().merge(other)
        if isinstance(other, Sketch):
            _add_up(self.positive, other.positive)
            _add_up(self.negative, other.negative)
            self.zeros += other.zeros

    def fill(self, negative: Buckets, positive: Buckets) -> None:
        """Take buckets that were counted elsewhere."""
        self.negative, self.positive = negative, positive
        _collapse(self.negative)
        _collapse(self.positive)

    def to_bytes(self) -> bytes:
        """The buckets alone, as MessagePack: what is exact is stored beside them."""
        return _ENCODER.encode((self.zeros, *_packed(self.negative), *_packed(self.positive)))

    @classmethod
    def from_bytes(
        cls, data: bytes, *, total: float, low: float, high: float, last: float = 0.0
    ) -> Sketch:
        """Read back what `to_bytes` wrote, with the exact numbers that were stored beside it.

        Raises:
            ValueError: These bytes are no sketch.
        """
        try:
            zeros, gaps, counts, positive_gaps, positive_counts = _DECODER.decode(data)
        except msgspec.MsgspecError as error:
            raise ValueError(f"these bytes are no sketch: {error}") from None
        sketch = cls(zeros + sum(counts) + sum(positive_counts), total, low, high, last)
        sketch.zeros = zeros
        sketch.negative = dict(zip(accumulate(gaps), counts, strict=True))
        sketch.positive = dict(zip(accumulate(positive_gaps), positive_counts, strict=True))
        return sketch

    def _take(self, values: Sequence[float], total: float, low: float, high: float) -> None:
        super()._take(values, total, low, high)
        if low == high and low >= SMALLEST:  # such as the rows of statements that read one
            _add_up(self.positive, {ceil(log2(low) * _SCALE): len(values)})
            return
        if low >= SMALLEST:
            _count(self.positive, values)
            return
        self.zeros += sum(-SMALLEST < value < SMALLEST for value in values)
        _count(self.positive, [value for value in values if value >= SMALLEST])
        _count(self.negative, [-value for value in values if value <= -SMALLEST])

    def _state(self) -> tuple[object, ...]:
        return (*super()._state(), self.zeros, self.positive, self.negative)


def _value(index: int) -> float:
    return exp2(index * _LOG_GAMMA) * _MIDDLE


def _count(buckets: Buckets, values: Sequence[float]) -> None:
    if len(values) < _FEW:
        for value in values:
            index = ceil(log2(value) * _SCALE)
            buckets[index] = buckets.get(index, 0) + 1
        _collapse(buckets)
        return
    # The whole chain runs in C: a third of the time of the loop above.
    _add_up(buckets, Counter(map(ceil, map(mul, map(log2, values), repeat(_SCALE)))))


def _add_up(buckets: Buckets, more: Buckets) -> None:
    if not buckets:
        buckets.update(more)
    else:
        get = buckets.get
        for index, count in more.items():
            buckets[index] = get(index, 0) + count
    _collapse(buckets)


def _collapse(buckets: Buckets) -> None:
    """Keep the number of buckets bounded: the ones nearest to zero become one."""
    if len(buckets) <= MAX_BUCKETS:
        return
    indexes = sorted(buckets)
    spare = indexes[: len(indexes) - MAX_BUCKETS]
    lowest = indexes[len(spare)]
    buckets[lowest] += sum(buckets.pop(index) for index in spare)


def _packed(buckets: Buckets) -> tuple[list[int], list[int]]:
    """Indexes, each as its distance from the one before, and counts: small numbers take a byte."""
    indexes = sorted(buckets)
    gaps = [*indexes[:1], *map(sub, indexes[1:], indexes)]
    return gaps, list(map(buckets.__getitem__, indexes))
