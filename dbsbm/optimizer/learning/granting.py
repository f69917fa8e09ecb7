"""Grants learned lifetimes to what one process loads."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from threading import Lock
from typing import Final

from dbsbm.cache.categories import OUTSIDE, Category, Policy
from dbsbm.cache.forks import renew_after_fork
from dbsbm.cache.keys import Key, family
from dbsbm.cache.stats import Reloaded
from dbsbm.optimizer.learning.learner import LifetimeLearner

BUDGET: Final = 0.02
"""Share of a category's hits that may be stale: one of fifty."""
LONGER: Final = 4
"""Times the lifetime in force that a learned one may be: what changes otherwise tomorrow would stay
unseen for longer."""
_SHORTEST: Final = timedelta(seconds=1)
_MOST_CLASSES: Final = 16
"""Beyond which those of a category are one: all keys together take some 24 MB at the very most."""


class LearnedLifetimes:
    """What this process has learned of the categories whose truth is outside. Threads may share it.

    A class of keys is a category and the first part of the key. A forked child knows what its
    parent knew.

    Args:
        on_grant: Is told of each lifetime that was granted: its category and its seconds.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        on_grant: Callable[[Category, float], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._on_grant = on_grant
        self._clock = clock
        self._classes: dict[tuple[Category, str], LifetimeLearner] = {}
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Have nobody at work."""
        self._lock = Lock()

    def shown(self, reload: Reloaded) -> None:
        """Learn from what loading a value anew has shown."""
        with self._lock:
            learner = self._learner(reload.category, reload.wire)
            learner.learn(reload.wire, reload.age, self._clock(), changed=reload.changed)

    def lifetime(self, key: Key, policy: Policy) -> timedelta | None:
        """How long a value that is loaded now counts as fresh; None for as long as the policy says.

        Args:
            key: Its key.
            policy: What is in force for its category; see `Policy.learned`.
        """
        if not policy.learned or key.category not in OUTSIDE:
            return None
        with self._lock:
            learned = self._learner(key.category, key.wire).lifetime(key.wire)
        longest = LONGER * policy.ttl
        granted = max(_SHORTEST, min(longest, timedelta(seconds=min(learned, 1e9))))
        if self._on_grant is not None:
            self._on_grant(key.category, granted.total_seconds())
        return granted

    def _learner(self, category: Category, wire: str) -> LifetimeLearner:
        name = (category, family(category, wire))
        if name not in self._classes and len(self._classes) >= _MOST_CLASSES:
            name = (category, "")
        if name not in self._classes:
            ttl = category.ttl.total_seconds()
            self._classes[name] = LifetimeLearner(budget=BUDGET, table_ttl=ttl)
        return self._classes[name]
