"""Counting in one process: cheap, bounded, and never a reason for the counted work to fail."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from dbsbm.monitor.counting.bound import Bound
from dbsbm.monitor.counting.clock import MINUTE, Clock
from dbsbm.monitor.counting.minute import Key, Minute, Values
from dbsbm.monitor.counting.parcel import Parcel
from dbsbm.monitor.counting.series import COUNTER, DISTRIBUTION, GAUGE, Kind

NOTES = 100
"""Notes between two parcels; further ones are dropped and counted."""
KEPT_MINUTES = 15
"""Minutes that wait while the broker is away; then the oldest becomes part of the next."""
# Values that wait to be added up: enough that adding up is cheap, few enough to be no matter.
_FULL = 512
# Bounds with values that wait. Each is remembered once, but statements without end make new ones.
_MOST_WAITING = 2048


class Tally:
    """Distributions, counters and gauges with labels, by the minute, safe under threads.

    A call costs well under a microsecond: it appends to a list, which is added up later. What
    cannot be counted (an unhashable label, a value that is no finite number) is itself counted, as
    `monitor.dropped`.
    """

    def __init__(self, *, enabled: bool = True, clock: Clock | None = None) -> None:
        self.enabled = enabled
        self.clock = clock or Clock()
        self._monotonic = self.clock.monotonic
        self._waiting: list[Bound] = []
        self._reset()

    def _reset(self) -> None:
        """Start from nothing, with a lock that nobody holds."""
        for bound in self._waiting:
            bound.take()
        self._lock = threading.Lock()
        self._notes: list[str] = []
        self._dropped = 0
        self._shifted = 0
        self._waiting = []
        self._ended: list[Minute] = []
        self._begin(int(self.clock.now() // MINUTE))

    def observe(self, name: str, value: float, /, **labels: object) -> None:
        """Record one value of a distribution, such as the seconds that something took."""
        # The same lines as in `add`: a call to share them would cost a tenth of the whole.
        if not self.enabled:
            return
        try:
            if self._monotonic() >= self._ends:
                self._turn()
            values = self._observed[(name, *labels.items())]
        except KeyError:
            self._open(DISTRIBUTION, (name, *labels.items())).append(value)
        except TypeError:
            self._dropped += 1
        else:
            values.append(value)
            if len(values) > _FULL:
                self._add_up(values)

    def add(self, name: str, value: float = 1, /, **labels: object) -> None:
        """Add to a counter."""
        if not self.enabled:
            return
        try:
            if self._monotonic() >= self._ends:
                self._turn()
            values = self._added[(name, *labels.items())]
        except KeyError:
            self._open(COUNTER, (name, *labels.items())).append(value)
        except TypeError:
            self._dropped += 1
        else:
            values.append(value)
            if len(values) > _FULL:
                self._add_up(values)

    def gauge(self, name: str, value: float, /, **labels: object) -> None:
        """Tell what a gauge shows now; a minute keeps its last, lowest, highest and mean value."""
        self._record(GAUGE, (name, *labels.items()), value)

    def bind(self, *series: tuple[str, Mapping[str, object]]) -> Bound:
        """One or two distributions, observed together without naming their labels each time.

        Args:
            series: Name and labels of each.
        """
        return Bound(self, *series)

    def note(self, document: str) -> None:
        """Hand a document over as it is, beside the counters."""
        if not self.enabled:
            return
        with self._lock:
            if len(self._notes) < NOTES:
                self._notes.append(document)
            else:
                self._dropped += 1

    def collect(self) -> Parcel:
        """Take what was counted since the last call."""
        with self._lock:
            self._take_from_bounds()
            self._turn_unless_same()
            self._say_what_was_lost()
            parcel = Parcel(notes=self._notes)
            self._notes = []
            # A thread may have found its list before the minute ended, and append to it after we
            # looked: such a minute is looked through again at the next call.
            held = [minute for minute in self._ended if minute.is_held()]
            for minute in (*self._ended, self._now):
                self._dropped += minute.pack(parcel)
            self._ended = held
            if self._dropped:
                self._say_what_was_lost()
                self._now.pack(parcel)
        return parcel

    def _record(self, kind: Kind, key: Key, value: float) -> None:
        if not self.enabled:
            return
        try:
            if self._monotonic() >= self._ends:
                self._turn()
            self._open(kind, key).append(value)
        except TypeError:
            self._dropped += 1

    def _turn(self) -> None:
        with self._lock:
            self._turn_unless_same()

    def _turn_unless_same(self) -> None:
        """Go on with the minute that it is by the clock, which may have learned what time it is."""
        number = int(self.clock.now() // MINUTE)
        if number == self._now.number:
            self._ends = self._end_of(number)
            return
        self._take_from_bounds()
        self._ended.append(self._now)
        if len(self._ended) > KEPT_MINUTES:
            shifted, dropped = self._ended[1].join(self._ended.pop(0))
            self._shifted += shifted
            self._dropped += dropped
        self._begin(number)

    def _begin(self, number: int) -> None:
        self._now = Minute(number)
        self._ends = self._end_of(number)
        self._observed = self._now.by_kind[DISTRIBUTION]
        self._added = self._now.by_kind[COUNTER]

    def _end_of(self, minute: int) -> float:
        """When a minute ends, by the monotonic clock."""
        return (minute + 1) * MINUTE - self.clock.offset

    def _open(self, kind: Kind, key: Key) -> Values:
        with self._lock:
            values = self._now.open(kind, key)
            if values is None:
                self._dropped += 1
                values = Values(kind, key)  # and nobody looks into it
            elif len(values) > _FULL:
                self._dropped += values.add_up()
            return values

    def _add_up(self, values: Values) -> None:
        with self._lock:
            self._dropped += values.add_up()

    def _wait(self, bound: Bound) -> None:
        """Remember that values of a bound wait to be added up."""
        self._waiting.append(bound)
        if len(self._waiting) > _MOST_WAITING:
            self._add_up_bounds()

    def _add_up_bounds(self) -> None:
        with self._lock:
            self._take_from_bounds()

    def _take_from_bounds(self) -> None:
        """Add up what waits, which all belongs to this minute."""
        waiting = self._waiting[:]
        del self._waiting[: len(waiting)]
        for bound in waiting:
            for key, found in zip(bound.keys, bound.take(), strict=False):
                values = self._now.open(DISTRIBUTION, key) if found else None
                if values is not None:
                    self._dropped += values.stats.add_all(found)
                else:
                    self._dropped += len(found)

    def _say_what_was_lost(self) -> None:
        """Count what was dropped or put into another minute, like everything else."""
        for name, count in (("monitor.dropped", self._dropped), ("monitor.shifted", self._shifted)):
            values = self._now.open(COUNTER, (name,)) if count else None
            if values is not None:
                values.append(count)
        self._dropped = self._shifted = 0
