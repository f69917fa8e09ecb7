"""Leases: the right to store what is being loaded, lost when the key is invalidated meanwhile.

Without one, a loader that read the old row before a commit stores it after the commit's
invalidation, and the old row stays until it expires. (The lease of Nishtala et al., "Scaling
Memcache at Facebook", NSDI 2013; here it stands under the key itself until the value does.)
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import redis

from dbsbm.cache import envelope
from dbsbm.cache.core import Entry, unseal
from dbsbm.cache.guard import Guard
from dbsbm.cache.keys import Key
from dbsbm.cache.miss import MISS, Miss

LEASE: Final = timedelta(seconds=30)
"""How long a load may take and still be stored. While the lease of a loader that died lasts, the
others load for themselves and do not store."""

_FILL: Final = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
"""

_GIVE_BACK: Final = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('UNLINK', KEYS[1]) end
return 0
"""


class Leases:
    """Takes, fills and gives back leases through a guard."""

    def __init__(self, client: redis.Redis, guard: Guard) -> None:
        self._guard = guard
        self._fill_script = client.register_script(_FILL)
        self._give_back_script = client.register_script(_GIVE_BACK)

    def take(self, key: Key) -> tuple[Any | Miss, bytes | None]:
        """Announce a load.

        Returns:
            The value, if somebody has stored it by now, else MISS; and the lease, None if somebody
            else has it or the server does not take writes.
        """
        if self._guard.knows_outdated(key):
            return MISS, None
        # NX together with GET needs a server of version 7.0 or later.
        token = envelope.lease(LEASE // timedelta(milliseconds=1))
        held = self._guard.write(
            [key], lambda client: client.set(key.wire, token, px=LEASE, nx=True, get=True), b""
        )
        if held is None:
            return MISS, token
        if not held or envelope.is_lease(held):
            return MISS, None
        # What is there is a value by now, or cannot be read: then it is what has to be replaced.
        return unseal(key.category, held), held

    def fill(self, key: Key, lease: bytes, entry: Entry) -> bool:
        """Store a loaded value if the lease still stands."""
        arguments: list[bytes | int] = [lease, entry.data, entry.ttl_ms]
        script = self._fill_script
        return bool(self._guard.write([key], lambda _: script([key.wire], arguments), 0))

    def give_back(self, key: Key, lease: bytes) -> None:
        """End a lease without a value, so that the next loader can have it."""
        script = self._give_back_script
        self._guard.touch([key], lambda _: script([key.wire], [lease]))
