"""What all the logic of a cache shares: its state, its counts, and what may be believed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from dbsbm.cache.categories import Policy
from dbsbm.cache.engine.bells import Bells
from dbsbm.cache.engine.debts import Debts
from dbsbm.cache.engine.expiry import early_ms
from dbsbm.cache.engine.flights import Flight, Flights
from dbsbm.cache.engine.gate import Gate
from dbsbm.cache.engine.lease import LEASE_MS, UNRENEWED_MS, Leases
from dbsbm.cache.forks import renew_after_fork
from dbsbm.cache.keys import Key
from dbsbm.cache.local.copies import plan
from dbsbm.cache.local.entry import LocalEntry
from dbsbm.cache.local.hotkeys import HotKeys
from dbsbm.cache.local.store import LocalStore
from dbsbm.cache.policy.policies import Policies
from dbsbm.cache.server.channel import BELIEF
from dbsbm.cache.server.clocks import ServerClock, uptime
from dbsbm.cache.stats import Reloaded, Stats
from dbsbm.cache.tags import tag_wires
from dbsbm.cache.values.serializer import Serializer, Stored


class Lifetimes(Protocol):
    """Learns how long values from outside may live."""

    def shown(self, reload: Reloaded) -> None:
        """Learn from what loading a value anew has shown."""

    def lifetime(self, key: Key, policy: Policy) -> timedelta | None:
        """How long a value that is loaded now counts as fresh; None for what the policy says."""


class NoneLearned:
    """Nothing is learned, and the policies' lifetimes hold."""

    def shown(self, reload: Reloaded) -> None:
        """Do nothing."""

    def lifetime(self, key: Key, policy: Policy) -> timedelta | None:
        """None."""


class Trust(Protocol):
    """What may be believed now: see `dbsbm.cache.server.channel.Channel`."""

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


@dataclass(slots=True, eq=False)
class Copy(LocalEntry):
    """This process's copy of a value.

    Attributes:
        stored_size: Bytes that the value takes on the server.
    """

    stored_size: int


class Core:
    """State behind a cache.

    Attributes:
        lifetimes: What is learned of values from outside.

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
        # What may be kept here, and for how long, is another matter then.
        self.policies.on_change(self.forget_all)
        self.serializer = serializer or Serializer()
        self.hot = hot
        self.lifetimes: Lifetimes = NoneLearned()
        self.clock = clock
        self.server_clock = ServerClock(clock)
        self.gate = Gate(self.stats, clock, lambda: self.channel.is_running)
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
        if self.gate.link.is_open:
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
    def has_to_pay(self) -> bool:
        """Tell whether a caller shall pay debts before it asks, because nobody else pays them."""
        if not self.debts or self.channel.is_running:
            return False
        return self.gate.writes.admits() and self.gate.link.admits()

    @property
    def lease_ms(self) -> int:
        """For how long to ask for a lease."""
        return LEASE_MS if self.channel.is_running else UNRENEWED_MS

    # Loads under way.

    def load_limit(self, key: Key) -> float:
        """Return the seconds after which a load of a value is taken for lost."""
        return self.policies.of(key.category).load_limit.total_seconds()

    def join(self, key: Key, names: tuple[str, ...]) -> tuple[Flight, bool]:
        """Join the flight of a key, or lead a new one.

        What an older flight brings may have changed without this process having heard of it, while
        the channel is not proven: so it is after a process was stopped, until its channel has read
        what came meanwhile.

        Args:
            key: The name of the value.
            names: The keys of the tags that the value depends on.

        Returns:
            The flight, and whether the caller leads it: then it has to land or fail it.
        """
        longest = self.load_limit(key)
        if self.channel.is_running and not self.is_pushed:
            longest = min(longest, BELIEF)
        return self.flights.join(key.wire, names, longest)

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
            tags=tag_wires(stored.tags),
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
