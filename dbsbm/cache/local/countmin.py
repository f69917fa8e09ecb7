"""How often a name was asked for of late, within a few bytes a name.

A count-min sketch (Cormode, Muthukrishnan 2005) whose rows share one table and of whose counters
only the least are raised (Cohen, Matias: Spectral Bloom Filters, 2003): it never tells too little,
and too much only of a name whose every counter is raised by others too. Halving all counters now
and then makes it forget (Einziger, Friedman, Manes: TinyLFU, 2017).
"""

from __future__ import annotations

from typing import Final

HIGHEST: Final = 15
"""Where counters stop: a name beyond it is simply frequent, and forgotten in four halvings."""

_HALVES: Final = bytes(count >> 1 for count in range(256))


class CountMin:
    """Approximate counts of names, by their hashes of 64 bits.

    Args:
        size: Counters, a power of two. Each takes a byte, and each name four of them.
    """

    __slots__ = ("_counters", "_mask")

    def __init__(self, size: int) -> None:
        self._counters = bytearray(size)
        self._mask = size - 1

    def __len__(self) -> int:
        return len(self._counters)

    def add(self, digest: int, count: int = 1) -> int:
        """Count a name and return by how much its estimate grew."""
        counters = self._counters
        slots = self._slots(digest)
        a, b, c, d = slots
        known = min(counters[a], counters[b], counters[c], counters[d])
        if known == HIGHEST:
            return 0
        raised = min(known + count, HIGHEST)
        for slot in slots:
            if counters[slot] < raised:  # noqa: PLR1730 - calling max() takes as long as all else
                counters[slot] = raised
        return raised - known

    def estimate(self, digest: int) -> int:
        """Return how often a name was counted, up to `HIGHEST`: never less than the truth."""
        counters = self._counters
        a, b, c, d = self._slots(digest)
        return min(counters[a], counters[b], counters[c], counters[d])

    def halve(self) -> None:
        """Forget half of every count."""
        self._counters = self._counters.translate(_HALVES)

    def double(self) -> None:
        """Take twice the counters. Estimates stay: a name's new counters copy its old ones."""
        self._counters *= 2
        self._mask = len(self._counters) - 1

    def _slots(self, digest: int) -> tuple[int, int, int, int]:
        """Return a name's counters: two halves of its hash do as well as four hashes.

        See Kirsch, Mitzenmacher: Less Hashing, Same Performance (2006).
        """
        mask, step = self._mask, (digest >> 32) | 1
        return (
            digest & mask,
            (digest + step) & mask,
            (digest + 2 * step) & mask,
            (digest + 3 * step) & mask,
        )
