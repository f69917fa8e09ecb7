"""The process's own level of the cache: bounded in bytes, true to the server.

Reading takes no lock and looks at no clock: a hit is one look into a dict and one entry more in a
list. What the hits mean, for the counts and for what stays (`dbsbm.cache.local.tinylfu`), is
worked out once for many of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Lock
from types import TracebackType
from typing import Final

from dbsbm.cache.forks import renew_after_fork
from dbsbm.cache.local.entry import LocalEntry
from dbsbm.cache.local.pushes import PushLog
from dbsbm.cache.local.tinylfu import TinyLfu

BUFFER: Final = 512
"""Hits that are kept until somebody works them out."""

# Hits of a buffer that the policy is told of, about.
_SAMPLE: Final = 32


class LocalStore:
    """Copies of values in this process. Threads may share it; a forked child begins without any.

    Args:
        max_bytes: Memory that all entries together may take.
        on_hits: Told how often each entry was hit since it was last told; exact in sum, as a hit
            that is taken back later counts -1.
        on_evict: Told of each entry that had to go for want of room. Both are called by whichever
            thread comes by, without a lock held, and must not raise.
        clock: Seconds of the channel's clock; a stale entry that is in the way goes
            without a contest.
    """

    def __init__(
        self,
        max_bytes: int,
        *,
        on_hits: Callable[[Mapping[LocalEntry, int]], None],
        on_evict: Callable[[LocalEntry], None],
        clock: Callable[[], float],
    ) -> None:
        self._max_bytes = max_bytes
        self._on_hits = on_hits
        self._on_evict = on_evict
        self._clock = clock
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Begin without entries, and without hits that nobody was told of."""
        self._lock = Lock()
        self._whole_or_nothing = _EmptiedOnError(self._empty)
        self._entries: dict[str, LocalEntry] = {}
        self._dependents: dict[str, set[str]] = {}
        self._policy = TinyLfu(self._max_bytes, self._is_dead)
        self._pushes = PushLog()
        self._hits: list[LocalEntry] = []
        self._gone: list[LocalEntry] = []
        self._turn = 0
        self._taken_back: Counter[LocalEntry] = Counter()

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def bytes(self) -> int:
        """Memory that the entries take: never more than `max_bytes`."""
        with self._lock, self._whole_or_nothing:
            self._settle()
            return self._policy.weight

    @property
    def sequence(self) -> int:
        """Take this before asking the server for what `put` is then given."""
        return self._pushes.sequence

    def get(self, wire: str) -> LocalEntry | None:
        """Return the entry of a key, also if it is past its time, and count the hit."""
        entry = self._entries.get(wire)
        if entry is not None:
            hits = self._hits
            hits.append(entry)
            if len(hits) >= BUFFER:
                self._drain_unless_busy()
        return entry

    def retract(self, entry: LocalEntry) -> None:
        """Take back a hit that was of no use, as the entry is past its time, and let it go."""
        with self._lock, self._whole_or_nothing:
            self._taken_back[entry] += 1
            if self._entries.get(entry.wire) is entry:
                self._remove(entry.wire)

    def put(self, entry: LocalEntry, since: int) -> bool:
        """Keep an entry, unless its key or one of its tags was invalidated meanwhile.

        Args:
            entry: What the server has confirmed.
            since: The `sequence` from before the server was asked.

        Returns:
            Whether it is kept. It may be refused for want of room too.
        """
        evicted: list[LocalEntry] = []
        with self._lock, self._whole_or_nothing:
            hits = self._take_hits()
            if not self._pushes.changed((entry.wire, *entry.tags), since):
                evicted = self._insert(entry)
            is_kept = self._entries.get(entry.wire) is entry
        self._tell(hits, evicted)
        return is_kept

    def invalidate(self, names: Iterable[str]) -> None:
        """Let all entries go that are named or that depend on what is named.

        Args:
            names: Keys and tags. Fills under way for them are refused.
        """
        with self._lock, self._whole_or_nothing:
            for name in names:
                self._pushes.note(name)
                self._remove(name)
                for wire in self._dependents.pop(name, ()):
                    self._remove(wire)

    def clear(self) -> None:
        """Let all entries go and refuse all fills under way."""
        with self._lock, self._whole_or_nothing:
            self._empty()

    def drain(self) -> None:
        """Tell of all hits so far."""
        with self._lock, self._whole_or_nothing:
            hits = self._take_hits()
        self._tell(hits)

    def _drain_unless_busy(self) -> None:
        """Drain, unless another thread changes something: reading never waits."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            with self._whole_or_nothing:
                hits = self._take_hits()
        finally:
            self._lock.release()
        self._tell(hits)

    def _tell(self, hits: Mapping[LocalEntry, int], evicted: Iterable[LocalEntry] = ()) -> None:
        if hits:
            self._on_hits(hits)
        for entry in evicted:
            self._on_evict(entry)

    # All below is called with the lock held.

    def _take_hits(self) -> Mapping[LocalEntry, int]:
        # Readers append all the time: what they add after the copy stays for the next time.
        taken = self._hits[:]
        del self._hits[: len(taken)]
        self._settle()
        self._apply(taken)
        hits = Counter(taken)
        if self._taken_back:
            hits.subtract(self._taken_back)
            self._taken_back.clear()
        return hits

    def _apply(self, hits: Sequence[LocalEntry]) -> None:
        """Tell the policy of hits; of many, a sample.

        Where hits come by the hundred between two misses, a part of them tells as well what is
        popular, and a hit then costs a fraction of what the policy takes.
        """
        stride = len(hits) // _SAMPLE + 1
        # The place to begin moves on: what recurs in step with the stride is not overlooked.
        self._turn += 1
        for entry, count in Counter(hits[self._turn % stride :: stride]).items():
            self._policy.hit(entry.wire, count * stride)

    def _settle(self) -> None:
        """Forget about the entries that have gone."""
        while self._gone:
            entry = self._gone.pop()
            self._policy.remove(entry.wire)
            self._unlink(entry)

    def _insert(self, entry: LocalEntry) -> list[LocalEntry]:
        """Keep an entry and return those that had to go for it, perhaps itself."""
        weight = entry.weight
        if weight > self._max_bytes:
            self._remove(entry.wire)
            return []
        replaced = self._entries.get(entry.wire)
        if replaced is not None:
            self._unlink(replaced)
        for tag in entry.tags:
            self._dependents.setdefault(tag, set()).add(entry.wire)
        self._entries[entry.wire] = entry
        evicted, dead = self._policy.add(entry.wire, weight)
        for wire in dead:
            self._unlink(self._entries.pop(wire))
        gone = [self._entries.pop(wire) for wire in evicted]
        for each in gone:
            self._unlink(each)
        return gone

    def _remove(self, wire: str) -> None:
        """Have nobody find an entry from now on; the rest can wait for the next change."""
        entry = self._entries.pop(wire, None)
        if entry is not None:
            self._gone.append(entry)

    def _unlink(self, entry: LocalEntry) -> None:
        """Forget what an entry depends on."""
        for tag in entry.tags:
            wires = self._dependents.get(tag)
            if wires is not None:
                wires.discard(entry.wire)
                if not wires:
                    del self._dependents[tag]

    def _empty(self) -> None:
        self._pushes.note_all()
        self._entries.clear()
        self._dependents.clear()
        self._gone.clear()
        self._policy.clear()

    def _is_dead(self, wire: str) -> bool:
        return self._entries[wire].expires_at <= self._clock()


class _EmptiedOnError:
    """Empties a store when a change to it was broken off half-way.

    A signal, such as that of a task's time limit, can raise between any two instructions. An entry
    whose tags are lost would outlive its truth.
    """

    __slots__ = ("_empty",)

    def __init__(self, empty: Callable[[], None]) -> None:
        self._empty = empty

    def __enter__(self) -> None:
        """Nothing is to be done before."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._empty()
