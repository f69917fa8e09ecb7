"""By how much all keys together change more, or less, than each of them is believed to."""

from __future__ import annotations

from math import exp, sqrt
from typing import Final

from dbsbm.optimizer.learning.rate import Rate

_SLOW, _FAST = 300.0, 10.0
"""Seconds that the steady view and the quick one remember."""
_WEIGHT: Final = 5.0
"""Changes that weigh as much as the belief that all is as ever."""
_DEVIATIONS: Final = 3.0
_LEAST_JUMP: Final = 1.3


class Together:
    """A factor on the rates of all keys: markets open, a match day begins, a provider goes quiet.

    There are two views of it: a steady one, and a quick one, which replaces the steady one where
    they surely differ. So it stands still in quiet times, and moves within seconds in others.

    Attributes:
        factor: 1 where all is as ever.
    """

    def __init__(self) -> None:
        self._slow = Rate(_WEIGHT, _WEIGHT)
        self._fast = Rate(_WEIGHT, _WEIGHT)
        self._at = 0.0
        self.factor = 1.0

    def learn(self, expected: float, now: float, *, changed: bool) -> None:
        """Take in a look.

        Args:
            expected: Changes that were expected of the key, where all is as ever.
            now: Seconds of a clock that only grows.
            changed: There was at least one.
        """
        passed = now - self._at
        self._at = now
        self._slow.fade(Rate(_WEIGHT, _WEIGHT), exp(-passed / _SLOW))
        self._fast.fade(Rate(_WEIGHT * self.factor, _WEIGHT), exp(-passed / _FAST))
        self._slow = self._slow.after(expected, changed=changed)
        self._fast = self._fast.after(expected, changed=changed)
        if self._has_jumped():
            self._slow = Rate(self._fast.shape, self._fast.seconds)
        self.factor = self._slow.mean

    def _has_jumped(self) -> bool:
        doubt = _DEVIATIONS * sqrt(self._fast.variance)
        is_above = self._fast.mean - doubt > self._slow.mean * _LEAST_JUMP
        is_below = self._fast.mean + doubt < self._slow.mean / _LEAST_JUMP
        return is_above or is_below
