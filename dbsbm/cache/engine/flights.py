"""One load for many callers of a process."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from enum import Enum
from threading import Lock
from typing import Any

from dbsbm.cache.forks import renew_after_fork
from dbsbm.cache.local.copies import plan


@dataclass(frozen=True, slots=True)
class Landed:
    """What a read or a load brought.

    Attributes:
        value: The value.
        size: Bytes as stored, if it was found; None if it was loaded.
        stale: It was past its time.
        waited: Another process loaded it.
    """

    value: Any
    size: int | None = None
    stale: bool = False
    waited: bool = False


class Abandoned(Exception):
    """Whoever led the flight was stopped by something that concerns only itself."""


class Phase(Enum):
    """What a flight is about, by which it takes the word that one of its names has changed.

    phase     a change is told                          it would land
    LOOKING   is remembered until the next look         looks again, if a change is remembered
                                                        and somebody has joined
    RESTING   is remembered; the next look is near      likewise
    LOADING   by the server, of what taking the lease   lands
              has changed: nothing, once a name
              else: later callers do not join           lands, for those who had joined before
    """

    LOOKING = "looking"
    RESTING = "resting"
    LOADING = "loading"


class Flight:
    """A read or load under way, which callers of the same key wait for together.

    Attributes:
        names: The key and the tags on the server whose change makes it outdated.
        began: When, by the clock of the flights.
        future: Its `Landed`, or what its loader raised, or Abandoned.
    """

    __slots__ = ("_followers", "_heard", "_own", "_phase", "began", "future", "names")

    def __init__(self, names: tuple[str, ...], began: float) -> None:
        self.names = names
        self.began = began
        self.future: Future[Landed] = Future()
        self._followers = 0
        self._phase = Phase.LOOKING
        self._heard: set[str] = set()
        self._own: set[str] = set()

    def joined(self) -> None:
        """Count a caller that waits."""
        self._followers += 1

    def looks(self) -> None:
        """Begin to look at the server."""
        self._phase, self._heard = Phase.LOOKING, set()

    def rests(self) -> None:
        """Wait for something after which the server is looked at again."""
        self._phase = Phase.RESTING

    def loads(self, changed: Iterable[str] = ()) -> None:
        """Begin to load.

        Args:
            changed: Keys and tags that have just been changed for this load, such as by taking the
                lease. The server tells of that as well, and what else is told by the same push is
                nothing new to a load that begins after it.
        """
        self._own = set(changed).difference(self._heard)
        self._phase = Phase.LOADING

    @property
    def has_to_look_again(self) -> bool:
        """Tell whether somebody may have joined after what was found had changed."""
        return self._phase is not Phase.LOADING and bool(self._heard) and self._followers > 0

    def is_outdated_by(self, name: str, *, pushed: bool) -> bool:
        """Take the word that a key or tag has changed.

        Args:
            name: What has changed.
            pushed: It is the server that says so, and not this process that changed it.

        Returns:
            Whether later callers must not join: what is brought was begun before the change.
        """
        match self._phase:
            case Phase.LOOKING | Phase.RESTING:
                self._heard.add(name)
                return False
            case Phase.LOADING if pushed and name in self._own:
                self._own.discard(name)
                return False
            case Phase.LOADING:
                return True

    def land(self, landed: Landed) -> None:
        """Give the waiting callers what was brought: a copy, for the leader may change its own."""
        if self._followers:
            landed = Landed(_copied(landed.value), landed.size, landed.stale, landed.waited)
        self.future.set_result(landed)


def value_for_follower(landed: Landed) -> Any:
    """Return a value that the caller may change without harm to the others that waited."""
    return _copied(landed.value)


def _copied(value: Any) -> Any:
    """Copy a value, if it can be copied: a loader may return what no cache can store."""
    try:
        copy, _size = plan(value)
        return value if copy is None else copy(value)
    except Exception:  # noqa: BLE001 - whatever its class makes of being copied
        return value


class Flights:
    """The flights under way, by key. Threads may share it; a child process begins with none.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Know of no flight."""
        self._lock = Lock()
        self._by_key: dict[str, Flight] = {}
        self._by_name: dict[str, set[Flight]] = {}

    def join(self, wire: str, tags: tuple[str, ...], longest: float) -> tuple[Flight, bool]:
        """Join the flight of a key, or lead a new one.

        Args:
            wire: The key on the server.
            tags: The keys of the tags that the value depends on.
            longest: Seconds after which a flight is taken for lost, and replaced.

        Returns:
            The flight, and whether the caller leads it: then it has to land or fail it.
        """
        with self._lock:
            flight = self._by_key.get(wire)
            if flight is not None and self._clock() - flight.began < longest:
                flight.joined()
                return flight, False
            if flight is not None:
                self._remove(flight)
            flight = Flight((wire, *tags), self._clock())
            self._by_key[wire] = flight
            for name in flight.names:
                self._by_name.setdefault(name, set()).add(flight)
            return flight, True

    def land(self, flight: Flight, landed: Landed) -> bool:
        """End a flight with what it brought; False if it has to look again for some who wait."""
        with self._lock:
            if flight.has_to_look_again:
                return False
            self._remove(flight)
        flight.land(landed)
        return True

    def fail(self, flight: Flight, error: BaseException) -> None:
        """End a flight with an exception for everybody who waits."""
        with self._lock:
            self._remove(flight)
        flight.future.set_exception(error)

    def outdate(self, names: Iterable[str], *, pushed: bool = False) -> None:
        """Have later callers not join flights that began before these keys or tags changed.

        Args:
            names: What changed.
            pushed: It is the server that says so, and not this process that changed them.
        """
        if not self._by_name:
            return
        with self._lock:
            for name in names:
                for flight in tuple(self._by_name.get(name, ())):
                    if flight.is_outdated_by(name, pushed=pushed):
                        self._remove(flight)

    def outdate_all(self) -> None:
        """Have later callers join none of the flights that are under way."""
        with self._lock:
            self._by_key.clear()
            self._by_name.clear()

    def _remove(self, flight: Flight) -> None:
        wire = flight.names[0]
        if self._by_key.get(wire) is flight:
            del self._by_key[wire]
        for name in flight.names:
            flights = self._by_name.get(name)
            if flights is not None:
                flights.discard(flight)
                if not flights:
                    del self._by_name[name]
