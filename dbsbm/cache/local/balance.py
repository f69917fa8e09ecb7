"""Whether the window would make more of some room than the main part does."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import Final

SHARE: Final = 0.05
"""The room that is in question, as a share of all names."""

_FEWEST: Final = 16
_SURE: Final = 2.0  # standard deviations: smaller differences are chance


class Balance:
    """Counts what either side would win or lose by `SHARE` of the room.

    The window would win the requests for names that it let go last and that were refused: they are
    remembered, without their values, in a *shadow*. The main part would lose about its hits on
    probation, in proportion. Caffeine climbs the hit ratio itself instead (Einziger, Eytan,
    Friedman, Manes: Adaptive Software Cache Management, 2018); that needs long samples, and on
    steady requests it wanders, because a ratio changes by chance as well.

    Args:
        names: How many names there are about.
    """

    __slots__ = ("_gain", "_loss", "_period", "_requests", "_room", "_shadow")

    def __init__(self, names: int) -> None:
        self._shadow: OrderedDict[str, None] = OrderedDict()
        self._begin(names)

    def _begin(self, names: int) -> None:
        self._gain = self._loss = self._requests = 0
        self._period = names
        self._room = max(_FEWEST, int(names * SHARE))

    @property
    def is_due(self) -> bool:
        """Whether as many requests have been seen as there were names."""
        return self._requests >= self._period

    def hit(self, count: int, *, on_probation: bool) -> None:
        """Count requests that were answered."""
        self._requests += count
        if on_probation:
            self._loss += count

    def missed(self, name: str) -> None:
        """Count a request that was not answered."""
        self._requests += 1
        if name in self._shadow:
            del self._shadow[name]
            self._gain += 1

    def refused(self, name: str) -> None:
        """Remember a name that fell out of the window and was not let in."""
        self._shadow[name] = None
        if len(self._shadow) > self._room:
            self._shadow.popitem(last=False)

    def verdict(self, names: int, on_probation: int) -> int:
        """Tell which way to move the border, and count anew.

        Args:
            names: How many there are.
            on_probation: How many of them are on probation.

        Returns:
            1 for a larger window, -1 for a smaller one, 0 to leave it.
        """
        gain, loss = self._gain, self._loss * self._room / max(on_probation, 1)
        self._begin(names)
        # Counts of rare events have about the variance of their mean (Poisson).
        if abs(gain - loss) <= _SURE * math.sqrt(gain + loss):
            return 0
        return 1 if gain > loss else -1
