"""Leases: the right to store what is being loaded, lost when the key is invalidated meanwhile.

Without one, a loader that read the old row before a commit stores it after the commit's
invalidation, and the old row stays until it expires. (The lease of Nishtala et al., "Scaling
Memcache at Facebook", NSDI 2013; here it stands under the key itself until the value does.)

It is short, and renewed while the load goes on: when its holder dies, the next one is soon let in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from dbsbm.cache.forks import renew_after_fork

LEASE_MS: Final = 800
"""For how long a lease stands that is renewed."""

UNRENEWED_MS: Final = 3000
"""For how long a lease stands where nobody can renew it: longer than most loads take, and not so
long that what a dead holder leaves behind holds up the others."""

RENEW_EVERY: Final = 0.25
"""Seconds, so that two renewals may fail."""


@dataclass(slots=True)
class HeldLease:
    """A lease that this process holds.

    Attributes:
        token: What stands under the key.
        renew_at: When it is to be renewed.
        ends_at: When it is given up.
    """

    token: bytes
    renew_at: float
    ends_at: float


class Leases:
    """The leases that this process holds now.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Hold none: those of a parent process are its own."""
        self._held: dict[str, HeldLease] = {}

    @contextmanager
    def hold(self, wire: str, token: bytes, longest: float) -> Iterator[None]:
        """Have a lease renewed, for so many seconds at most."""
        now = self._clock()
        self._held[wire] = HeldLease(token, now + RENEW_EVERY, now + longest)
        try:
            yield
        finally:
            self.lost(wire, token)

    def lost(self, wire: str, token: bytes) -> None:
        """Renew a lease no longer."""
        held = self._held.get(wire)
        if held is not None and held.token == token:
            self._held.pop(wire, None)

    def due(self) -> dict[str, bytes]:
        """Return the keys and tokens of the leases to renew now.

        One that has been held for too long is let go: whoever waits for its load takes it over.
        """
        now, due = self._clock(), {}
        for wire, held in tuple(self._held.items()):
            if now >= held.ends_at:
                self.lost(wire, held.token)
            elif now >= held.renew_at:
                held.renew_at = now + RENEW_EVERY
                due[wire] = held.token
        return due
