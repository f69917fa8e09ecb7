"""What the cache for threads and the cache for coroutines are alike: all but the waiting."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from typing import Any, TypedDict, Unpack

from dbsbm.cache.engine.core import Core, Lifetimes, Trust, Unwatched
from dbsbm.cache.engine.threads import Pool, Threads
from dbsbm.cache.engine.upkeep import Upkeep
from dbsbm.cache.keys import Key
from dbsbm.cache.local.entry import LocalEntry
from dbsbm.cache.local.hotkeys import HotKeys
from dbsbm.cache.local.store import LocalStore
from dbsbm.cache.policy.policies import Policies
from dbsbm.cache.server.channel import Channel
from dbsbm.cache.stats import Stats
from dbsbm.cache.values.serializer import Serializer


class Settings(TypedDict, total=False):
    """What a cache may be made of beside its client.

    Attributes:
        stats: Where to count; one of its own by default.
        local: Holds this process's copies. They are believed only while the channel proves them.
        channel: Watches the server. Without one, callers find out for themselves when the server
            is back, and nothing is kept in the process.
        policies: What is in force for each category; the table by default.
        serializer: Values to bytes and back; without signatures by default.
        hot: Counts which keys are read the most.
        clock: Seconds that only grow; the channel's, if there is one.
    """

    stats: Stats | None
    local: LocalStore | None
    channel: Channel | None
    policies: Policies | None
    serializer: Serializer | None
    hot: HotKeys | None
    clock: Callable[[], float]


class Front:
    """State and settings of a cache. Args: see `Settings`.

    Attributes:
        functions: The functions that this cache caches, by name.
    """

    def __init__(self, **settings: Unpack[Settings]) -> None:
        channel, local = settings.get("channel"), settings.get("local")
        if channel is not None:
            settings["clock"] = channel.clock
        self._core = Core(**settings)
        self._channel = self._core.channel
        self._pool = Pool()
        self._watch = channel
        if channel is not None:
            threads = Threads(self._core.gate, channel.client, self._pool)
            channel.serve(Upkeep(self._core, threads.run))
            # The thread knows the state, but not this object: who forgets to close it forgets both.
            weakref.finalize(self, channel.stop)
        self._clock = self._core.clock
        self._proof: Trust = self._channel if local is not None else Unwatched()
        self._find = local.get if local is not None else _find_nothing
        self.functions: dict[str, Callable[..., Any]] = {}
        self._closers: list[Callable[[], object]] = []

    @property
    def stats(self) -> Stats:
        """The counts of this cache."""
        return self._core.stats

    @property
    def policies(self) -> Policies:
        """What is in force for each category."""
        return self._core.policies

    @property
    def hot(self) -> HotKeys | None:
        """Which keys are read the most, where that is counted."""
        return self._core.hot

    def learn_lifetimes(self, lifetimes: Lifetimes) -> None:
        """Have somebody learn how long values from outside may live, and say it.

        It is heard where the policy of a category says so, see `Policy.learned`.
        """
        self._core.lifetimes = lifetimes

    def copy_of(self, wire: str) -> LocalEntry | None:
        """Return this process's copy of what is under a key, if it is proven and fresh."""
        now = self._clock()
        if now < self._proof.believed_until:
            entry = self._find(wire)
            if entry is None or now < entry.expires_at:
                return entry
            self._retract(entry)
        return None

    def lasting_copy_of(self, wire: str) -> LocalEntry | None:
        """Return what `copy_of` does, unless it is time to load the value anew."""
        now = self._clock()
        if now < self._proof.believed_until:
            entry = self._find(wire)
            if entry is None or now < entry.refresh_at:
                return entry
            self._retract(entry)
        return None

    def gauges(self) -> dict[str, Any]:
        """Return how many copies there are, what memory they take, and if they are proven."""
        local = self._core.local
        if self._watch is None or not self._watch.is_running:
            channel = "none"
        else:
            channel = "alive" if self._core.is_pushed else "down"
        return {
            "copies": 0 if local is None else len(local),
            "copy_bytes": 0 if local is None else local.bytes,
            "channel": channel,
        }

    def on_close(self, closer: Callable[[], object]) -> None:
        """Have something closed together with this cache."""
        self._closers.append(closer)

    def _stop(self) -> None:
        """Stop watching the server, and count what was read last."""
        if self._watch is not None:
            self._watch.close()
        if self._core.local is not None:
            self._core.local.drain()
        while self._closers:
            self._closers.pop()()

    def _copies(self, keys: Iterable[Key]) -> tuple[dict[Key, Any], list[Key]]:
        """Return the values of which there are copies, and the other keys."""
        found, absent = {}, []
        for key in dict.fromkeys(keys):
            entry = self.copy_of(key.wire)
            if entry is None:
                absent.append(key)
            else:
                found[key] = entry.value if entry.copy is None else entry.copy(entry.value)
        return found, absent

    def _retract(self, entry: LocalEntry) -> None:
        if self._core.local is not None:
            self._core.local.retract(entry)


def _find_nothing(_wire: str) -> None:
    return None
