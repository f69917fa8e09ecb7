"""What all the logic of a cache shares: its state, its counts, and what may be believed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

import redis

from dbsbm.cache.breaker import Breaker
from dbsbm.cache.clocks import ServerClock, uptime
from dbsbm.cache.copies import plan
from dbsbm.cache.debts import Debts
from dbsbm.cache.effects import Call
from dbsbm.cache.encode_errors import EncodeError, TooLarge
from dbsbm.cache.errors import LoadTimeout
from dbsbm.cache.expiry import early_ms, lifetime
from dbsbm.cache.flights import Abandoned, Bells, Flight, Flights, Landed
from dbsbm.cache.forks import renew_after_fork
from dbsbm.cache.hotkeys import HotKeys
from dbsbm.cache.keys import Key
from dbsbm.cache.lease import LEASE_MS, UNRENEWED_MS, Leases
from dbsbm.cache.local import LocalEntry, LocalStore
from dbsbm.cache.policies import Policies
from dbsbm.cache.serializer import Serializer, Stored
from dbsbm.cache.stats import Stats
from dbsbm.cache.tags import tag_wires

log = logging.getLogger(__name__)

FAILURES: Final = (redis.RedisError, OSError, TimeoutError)
"""All that a client may raise when the server is away, slow, full, read-only or wants a login."""

_REFUSED_WRITES: Final = ("MISCONF", "NOREPLICAS")


class Trust(Protocol):
    """What may be believed now: see `dbsbm.cache.channel.Channel`."""

    believed_until: float
    settled_at: float

    @property
    def is_running(self) -> bool:
        """Tell whether somebody watches the server."""

    def start(self) -> None:
        """Begin to watch, if that has not been begun yet."""


class Unwatched:
    """Nobody watches the server: copies are never believed, and the server always is."""

    believed_until = float("-inf")
    settled_at = float("-inf")
    is_running = False

    def start(self) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A value ready to be stored: its bytes, and for how many milliseconds."""

    data: bytes
    life_ms: int


@dataclass(slots=True, eq=False)
class Copy(LocalEntry):
    """This process's copy of a value.

    Attributes:
        stored_size: Bytes that the value takes on the server.
    """

    stored_size: int


class Core:
    """State and counts behind a cache.

    There are two breakers because reads may work where writes do not: on a replica, on a full
    server. Attributes: `link` guards every call, `writes` those that store.

    Args:
        stats: Where to count; one of its own by default.
        local: The process's own copies, which need a channel to be believed.
        channel: Watches the server.
        policies: What is in force for each category.
        serializer: Values to bytes and back.
        hot: Counts reads by key.
        clock: Seconds that only grow; the channel's, where there is one.
    """

    def __init__(
        self,
        *,
        stats: Stats | None = None,
        local: LocalStore | None = None,
        channel: Trust | None = None,
        policies: Policies | None = None,
        serializer: Serializer | None = None,
        hot: HotKeys | None = None,
        clock: Callable[[], float] = uptime,
    ) -> None:
        self.stats = stats or Stats()
        self.local = local
        self.channel: Trust = channel or Unwatched()
        self.policies = policies or Policies()
        self.serializer = serializer or Serializer()
        self.hot = hot
        self.clock = clock
        self.server_clock = ServerClock(clock)
        self.link = Breaker("cache", clock, self._is_watched)
        self.writes = Breaker("cache for writing", clock)
        self.debts = Debts()
        self.flights = Flights(clock)
        self.bells = Bells()
        self.leases = Leases(clock)
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Have nothing under way.

        `refreshing` are the keys that are loaded anew right now, `pushes` how often the server has
        told of changes.
        """
        self.refreshing: set[str] = set()
        self.pushes = 0

    # What may be believed.

    def trusts_server(self, key: Key) -> bool:
        """Tell whether what the server holds under a key may be believed."""
        if self.debts and self.debts.covers(key):
            return False
        if self.clock() >= self.channel.settled_at:
            return True
        if self.link.is_open:
            self.stats.failed(key.category)
        return False

    @property
    def is_pushed(self) -> bool:
        """True while the server's word on a key is sure to come."""
        return self.clock() < self.channel.believed_until

    def is_stale(self, stored: Stored) -> bool:
        """Tell whether a value is past its time."""
        return self.server_clock.now_ms() >= stored.expires_at_ms

    def is_due(self, stored: Stored) -> bool:
        """Draw whether this reader shall load a value anew before it ends."""
        return self.server_clock.now_ms() + early_ms(stored.load_us) >= stored.expires_at_ms

    @property
    def lease_ms(self) -> int:
        """For how long to ask for a lease."""
        return LEASE_MS if self.channel.is_running else UNRENEWED_MS

    # The process's own copies.

    @property
    def sequence(self) -> int:
        """Take this before asking the server for what `keep` is then given."""
        return self.local.sequence if self.local is not None else 0

    def keep(self, key: Key, stored: Stored, since: int) -> None:
        """Keep a copy of what the server has confirmed, unless it changed since it was asked."""
        if self.local is None or not self.policies.of(key.category).local:
            return
        copy, size = plan(stored.value)
        here = self.server_clock.here
        entry = Copy(
            wire=key.wire,
            category=key.category,
            value=stored.value if copy is None else copy(stored.value),
            copy=copy,
            size=size,
            expires_at=here(stored.expires_at_ms),
            refresh_at=here(stored.expires_at_ms - early_ms(stored.load_us)),
            hard_until=here(stored.expires_at_ms),
            tags=tag_wires(stored.tags),
            stored=stored.id,
            stored_size=stored.size,
        )
        self.local.put(entry, since=since)

    def forget(self, names: Sequence[str]) -> None:
        """Give up copies, and let nobody join a read that began before this moment."""
        self.forget_copies(names)
        self.flights.outdate(names)

    def forget_copies(self, names: Sequence[str]) -> None:
        """Give up copies, for this process knows better before it is pushed."""
        if self.local is not None:
            self.local.invalidate(names)

    def heard(self, names: Sequence[str]) -> None:
        """Take the server's word that keys or tags have changed."""
        self.pushes += 1
        self.forget_copies(names)
        self.flights.outdate(names, pushed=True)
        self.bells.ring(names)

    def forget_all(self) -> None:
        """Give up all copies."""
        if self.local is not None:
            self.local.clear()
        self.flights.outdate_all()

    # Writing values.

    def sealed(
        self,
        key: Key,
        value: object,
        ttl: timedelta | None,
        *,
        load_us: int = 0,
        tags: Mapping[str, bytes] | None = None,
        read: bool = False,
    ) -> Sealed | None:
        """Encode a value; None, counted as a drop, if it is too large for its category.

        Raises:
            EncodeError: The value cannot be written.
            ValueError: The lifetime is zero or negative.
        """
        policy = self.policies.of(key.category)
        life = lifetime(policy, value, ttl)
        try:
            data = self.serializer.seal(
                key.wire,
                value,
                policy,
                lifetime_ms=life.whole_ms,
                expires_at_ms=self.server_clock.now_ms() + life.fresh_ms,
                load_us=load_us,
                tags=tags or {},
                read=read,
            )
        except TooLarge as error:
            self.stats.dropped(key.category)
            log.warning(
                "A value of %d bytes is too large for the cache's %s and is not stored.",
                error.size,
                key.category.value,
                extra={"action": "cache.refused_value", "key": key.wire},
            )
            return None
        return Sealed(data, life.whole_ms)

    def refused(self, key: Key, error: EncodeError) -> None:
        """Count and log a value that cannot be stored, for callers that must not fail."""
        self.stats.dropped(key.category)
        log.error(
            "A value cannot be cached and is not stored: %s",
            error,
            extra={"action": "cache.refused_value", "key": key.wire},
        )

    def count_store(self, key: Key, sealed: Sealed, *, stored: bool) -> bool:
        """Count whether the server stored a value, and tell it."""
        if stored:
            self.stats.stored(key.category, len(sealed.data))
        else:
            self.stats.dropped(key.category)
        return stored

    def count_hit(self, key: Key, size: int, value: object, *, stale: bool = False) -> None:
        """Count a read that the server had a value for."""
        self.stats.hit(key.category, size, stale=stale, negative=value is None)
        if self.hot is not None:
            self.hot.add(key.wire)

    def count_landing(self, key: Key, landed: Landed, *, followed: bool = False) -> None:
        """Count a read that ended with a value, found or loaded, by the caller or by another."""
        if landed.size is not None and not landed.waited:
            self.count_hit(key, landed.size, landed.value, stale=landed.stale)
        elif followed or landed.waited:
            self._count_wait(key)
        else:
            self.stats.missed(key.category)

    def arrival(
        self, flight: Flight, key: Key, *, ended: bool, ends_at: float | None, followed: bool
    ) -> Landed | None:
        """Count a read that waited for a flight, and return what it brought.

        Args:
            flight: What was waited for.
            key: What was wanted.
            ended: It has ended.
            ends_at: When the caller had to have an answer.
            followed: It was led by another caller.

        Returns:
            None if the flight was stopped, or is taken for lost: the caller has to try again.

        Raises:
            LoadTimeout: The caller had to have an answer by now.
        """
        try:
            landed = flight.future.result() if ended else None
        except Abandoned:
            return None
        except BaseException:
            self._count_wait(key)
            raise
        if landed is not None:
            self.count_landing(key, landed, followed=followed)
        elif ends_at is not None and self.clock() >= ends_at:
            self._count_wait(key)
            raise LoadTimeout(
                f"Loading a value of {key.category.value} takes longer than its caller can wait. "
                "Try again: the load goes on."
            )
        return landed

    # Calls to the server.

    def admits(self, call: Call) -> bool:
        """Tell whether to make a call."""
        if call.kind in {"write", "touch"} and not self.writes.admits():
            return False
        return call.kind == "debt" or self.link.admits()

    @property
    def has_to_pay(self) -> bool:
        """Tell whether a caller shall pay debts before it asks, because nobody else pays them."""
        if not self.debts or self._is_watched():
            return False
        return self.writes.admits() and self.link.admits()

    def skipped(self, call: Call) -> None:
        """Count a call that was not made, unless nobody misses it."""
        if call.kind != "touch":
            self._count_failure(call.keys)

    def succeeded(self, call: Call) -> None:
        """Take a call as a sign of life, where nobody else looks for such."""
        if not self._is_watched():
            self.link.succeeded()
        if call.kind == "write":
            self.writes.succeeded()

    def failed(self, call: Call, error: Exception) -> None:
        """Count a call that failed, and open the breaker that it concerns."""
        self._count_failure(call.keys)
        if _refuses_writes(error):
            self.writes.failed(error)
        elif not _concerns_one_command(error):
            self.link.failed(error)

    def _count_wait(self, key: Key) -> None:
        """Count a read that waited for somebody else's load."""
        self.stats.missed(key.category)
        self.stats.waited(key.category)

    def _count_failure(self, keys: Iterable[Key]) -> None:
        for category in {key.category for key in keys}:
            self.stats.failed(category)

    def _is_watched(self) -> bool:
        return self.channel.is_running


def _refuses_writes(error: Exception) -> bool:
    if isinstance(error, redis.exceptions.ReadOnlyError | redis.exceptions.OutOfMemoryError):
        return True
    return isinstance(error, redis.ResponseError) and str(error).startswith(_REFUSED_WRITES)


def _concerns_one_command(error: Exception) -> bool:
    """The server is well: it answered, and only this command was wrong for this key."""
    return isinstance(error, redis.ResponseError) and str(error).startswith("WRONGTYPE")
