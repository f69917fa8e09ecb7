"""The account of stale reads: what was spent, what may be spent, and when to stop."""

from __future__ import annotations

from math import exp, sqrt
from typing import Final

HOUR: Final = 3600.0
INCOME: Final = 0.75
"""Share of the budget that each read pays in."""
RESERVE: Final = 0.25
"""Share of an hour's budget that may be saved up. With the income that is all of it, so no hour
spends more than its budget, but for what is under way when rates jump: that is booked when it is
seen, and nothing more is granted until it is paid."""
_STAKE: Final = 0.1
"""Share of a full reserve that may hang on one value."""
_BASE: Final = 0.5
"""Share of the income that may be spent where nothing is saved up; the rest refills the reserve."""
_DEVIATIONS: Final = 3.0
_LEAST_READS: Final = 100.0


class StaleAccount:
    """Keeps the stale reads of every hour within a share of its reads.

    Each read pays in, each stale hit is paid for: first by its expectation when a lifetime is
    granted, then by what the reload has shown. Where nothing is left, nothing may be kept.

    How many hits were stale of a lifetime that ended in a change is not seen, only that they were
    none where it did not. What is booked is their expectation, and three standard deviations of
    what all bookings of the hour may be wrong by are kept back.

    Args:
        budget: Share of reads that may be stale, above 0 and below 1.
    """

    def __init__(self, budget: float) -> None:
        self._budget = budget
        self._balance = 0.0
        self._reads_an_hour = _LEAST_READS
        self._variance = 0.0
        self._at: float | None = None

    @property
    def left(self) -> float:
        """Stale hits that may still be spent."""
        return self._balance - _DEVIATIONS * sqrt(self._variance)

    @property
    def plan(self) -> float:
        """Share of the reads that may be stale from now on: less, where little is saved up."""
        fullness = self.left / self._most
        return INCOME * self._budget * min(1.0, max(0.0, _BASE + fullness))

    @property
    def stake(self) -> float:
        """Hits that one lifetime may have at most, as all of them may turn out to be stale."""
        return max(1.0, _STAKE * self._most)

    @property
    def _most(self) -> float:
        return RESERVE * self._budget * self._reads_an_hour

    def pay_in(self, reads: float, now: float) -> None:
        """Count reads that have happened."""
        keep = 1.0 if self._at is None else exp((self._at - now) / HOUR)
        self._at = now
        self._variance *= keep
        self._reads_an_hour = max(_LEAST_READS, self._reads_an_hour * keep + reads)
        self._balance = min(self._most, self._balance + INCOME * self._budget * reads)

    def pay(self, stale: float, variance: float = 0.0) -> None:
        """Spend; less than nothing gives back what was paid too much."""
        self._balance -= stale
        self._variance += variance
