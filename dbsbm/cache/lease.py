"""Leases: the right to store what is being loaded, lost when the key is invalidated meanwhile.

Without one, a loader that read the old row before a commit stores it after the commit's
invalidation, and the old row stays until it expires. (The lease of Nishtala et al., "Scaling
Memcache at Facebook", NSDI 2013; here it stands under the key itself until the value does.)

It is short, and renewed while the load goes on: when its holder dies, the next one is soon let in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from dbsbm.cache.forks import renew_after_fork

LEASE_MS: Final = 800
"""For how long a lease stands that is renewed."""

UNRENEWED_MS: Final = 3000
"""For how long a lease stands where nobody can renew it: longer than most loads take, and not so
long that what a dead holder leaves behind holds up the others."""

RENEW_EVERY: Final = 0.25
"""Seconds, so that two renewals may fail."""


class Leases:
    """The leases that this process holds now, with when each is to be given up.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Hold none: those of a parent process are its own."""
        self._held: dict[str, tuple[bytes, float]] = {}

    @contextmanager
    def hold(self, wire: str, token: bytes, longest: float) -> Iterator[None]:
        """Have a lease renewed, for so many seconds at most."""
        self._held[wire] = (token, self._clock() + longest)
        try:
            yield
        finally:
            self.lost(wire, token)

    def lost(self, wire: str, token: bytes) -> None:
        """Renew a lease no longer."""
        held = self._held.get(wire)
        if held is not None and held[0] == token:
            self._held.pop(wire, None)

    def due(self) -> dict[str, bytes]:
        """Return the keys and tokens of leases to renew; those held for too long are let go."""
        now = self._clock()
        for wire, (token, ends_at) in tuple(self._held.items()):
            if now >= ends_at:
                self.lost(wire, token)
        return {wire: token for wire, (token, _) in tuple(self._held.items())}
