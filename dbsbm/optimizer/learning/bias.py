"""How much more is stale than was expected of hits that have happened."""

from __future__ import annotations

from math import exp
from typing import Final

_MEMORY: Final = 900.0
_WEIGHT: Final = 5.0
"""Stale hits that weigh as much as the belief that expectations are right."""


class Bias:
    """A factor on expectations, learned from what they came to.

    Long lifetimes are granted to keys that seem to change rarely, and more of them seem so than
    do: so what is expected of them is too little, even where it is right on average over all keys.

    Attributes:
        factor: 1 where expectations are right.
    """

    def __init__(self) -> None:
        self._expected = self._shown = _WEIGHT
        self._at = 0.0
        self.factor = 1.0

    def learn(self, expected: float, shown: float, now: float) -> None:
        """Take in the stale hits of one lifetime."""
        keep = exp(-(now - self._at) / _MEMORY)
        self._at = now
        self._expected = _WEIGHT + (self._expected - _WEIGHT) * keep + expected
        self._shown = _WEIGHT + (self._shown - _WEIGHT) * keep + shown
        self.factor = self._shown / self._expected
