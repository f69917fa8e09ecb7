"""What stays and what goes when the process's level is full: W-TinyLFU, in bytes.

A new name enters a *window*, which lasts as long as it is in use. A name that falls out of the
window must be asked for more often than what would have to leave for it: names that a report asks
for once pass through the window and push nothing out. What has been let in is on *probation* until
it is asked for again, and then *protected*. (Einziger, Friedman, Manes: TinyLFU, ACM ToS 13(4),
2017. A large name is weighed against all that would leave for it together: Einziger, Eytan,
Friedman, Manes: Lightweight Robust Size Aware Cache Management, 2021.)
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Final, NamedTuple

from dbsbm.cache.local.balance import Balance
from dbsbm.cache.local.countmin import CountMin
from dbsbm.cache.local.recency import Recency

# The window's share of the capacity, and how far it moves at once.
_NARROWEST: Final = 0.01
_WIDEST: Final = 0.8
_STEP: Final = 0.02

_PROTECTED: Final = 0.8  # of the main part

# Requests for each name, until counts are halved: the history that a choice rests on.
_SAMPLE: Final = 20
_COUNTERS_A_NAME: Final = 32
_FEWEST_NAMES: Final = 256


class Departures(NamedTuple):
    """Names that the policy let go.

    Attributes:
        evicted: For want of room, though somebody might have used them yet.
        dead: Those that nobody could have used any more.
    """

    evicted: list[str]
    dead: list[str]


class TinyLfu:
    """Keeps the weight of names within a capacity. Not thread-safe: its owner holds a lock.

    Args:
        capacity: What all names may weigh together.
        is_dead: Tells that a name is of no use any more; if it is in the way, it goes for nothing.
    """

    def __init__(self, capacity: int, is_dead: Callable[[str], bool]) -> None:
        self._capacity = capacity
        self._is_dead = is_dead
        self._frequency = CountMin(_FEWEST_NAMES * _COUNTERS_A_NAME)
        self._counted = 0
        self._sample = _SAMPLE * _FEWEST_NAMES
        self.clear()

    def clear(self) -> None:
        """Let all names go; how often each was asked for is not forgotten."""
        self._balance = Balance(_FEWEST_NAMES)
        self._window = Recency()
        self._probation = Recency()
        self._protected = Recency()
        self._divide(_NARROWEST)

    def __len__(self) -> int:
        return len(self._window) + len(self._probation) + len(self._protected)

    @property
    def weight(self) -> int:
        """What the names weigh together: never more than the capacity."""
        return self._window.weight + self._main_weight

    def hit(self, name: str, count: int) -> None:
        """Count requests for a name. One that has left meanwhile is remembered as asked for."""
        self._count(name, count)
        self._balance.hit(count, on_probation=name in self._probation.weights)
        self._use(name)

    def add(self, name: str, weight: int) -> Departures:
        """Take a name in, or its new weight, and return what goes for it: also itself."""
        # A name that is asked for in vain moves time on, also where its counters are full: it may
        # be kept out by names that were as popular once.
        self._count(name, 1, least=1)
        gone = Departures([], [])
        segment = self._segment_of(name)
        if segment is None:
            self._balance.missed(name)
            self._enter(name, weight)
        else:
            segment.weigh(name, weight)
            self._use(name)
            self._trim_main(gone)
        self._trim_window(gone)
        if self._balance.is_due:
            self._move_border()
        return gone

    def remove(self, name: str) -> None:
        """Let a name go, if it is there."""
        segment = self._segment_of(name)
        if segment is not None:
            segment.remove(name)

    def _segment_of(self, name: str) -> Recency | None:
        for segment in (self._protected, self._probation, self._window):
            if name in segment.weights:
                return segment
        return None

    def _count(self, name: str, count: int, *, least: int = 0) -> None:
        self._counted += max(self._frequency.add(hash(name), count), least)
        if self._counted >= self._sample:
            self._age()

    def _age(self) -> None:
        names = max(len(self), _FEWEST_NAMES)
        self._sample = _SAMPLE * names
        if self._counted >= self._sample:
            self._frequency.halve()
            self._counted //= 2

    def _use(self, name: str) -> None:
        if name in self._protected.weights:
            self._protected.touch(name)
        elif name in self._probation.weights:
            self._protect(name)
        elif name in self._window.weights:
            self._window.touch(name)

    def _protect(self, name: str) -> None:
        self._protected.add(name, self._probation.remove(name))
        while self._protected.weight > self._protected_limit:
            self._probation.add(*self._protected.pop_oldest())

    def _enter(self, name: str, weight: int) -> None:
        self._window.add(name, weight)
        if weight > self._window_limit:
            # It is the next to be weighed, rather than all else that the window holds.
            self._window.age(name)
        if len(self._frequency) < _COUNTERS_A_NAME * len(self):
            self._frequency.double()

    def _trim_window(self, gone: Departures) -> None:
        while self._window.weight > self._window_limit:
            name, weight = self._window.pop_oldest()
            if self._make_room(name, weight, gone):
                self._probation.add(name, weight)
            else:
                self._balance.refused(name)
                gone.evicted.append(name)

    def _trim_main(self, gone: Departures) -> None:
        while self._main_weight > self._main_limit:
            gone.evicted.append(self._pop_from_main()[0])

    def _make_room(self, name: str, weight: int, gone: Departures) -> bool:
        """Let those go from the main part that are asked for less, all together, than the name.

        Returns:
            Whether there is room for it now.
        """
        lacking = self._main_weight + weight - self._main_limit
        if lacking <= 0:
            return True
        victims = self._victims(self._frequency.estimate(hash(name)), lacking)
        for leaving in chain(*victims):
            lacking -= self._probation.remove(leaving) or self._protected.remove(leaving)
        gone.evicted.extend(victims.evicted)
        gone.dead.extend(victims.dead)
        return lacking <= 0

    def _victims(self, worth: int, lacking: int) -> Departures:
        """Choose who leaves, least recent first, until there is room or they are worth as much."""
        evicted: list[str] = []
        dead: list[str] = []
        for name, weight in chain(self._probation.weights.items(), self._protected.weights.items()):
            if self._is_dead(name):
                dead.append(name)
            else:
                worth -= self._frequency.estimate(hash(name))
                if worth <= 0:
                    break
                evicted.append(name)
            lacking -= weight
            if lacking <= 0:
                return Departures(evicted, dead)
        return Departures([], dead)

    @property
    def _main_weight(self) -> int:
        return self._probation.weight + self._protected.weight

    def _pop_from_main(self) -> tuple[str, int]:
        return (self._probation or self._protected).pop_oldest()

    def _move_border(self) -> None:
        way = self._balance.verdict(max(len(self), _FEWEST_NAMES), len(self._probation))
        share = min(max(self._share + way * _STEP, _NARROWEST), _WIDEST)
        if share != self._share:
            self._divide(share)

    def _divide(self, share: float) -> None:
        """Give the window its share; names at the border change sides without a contest."""
        self._share = share
        self._window_limit = int(self._capacity * share)
        self._main_limit = self._capacity - self._window_limit
        self._protected_limit = int(self._main_limit * _PROTECTED)
        while self._main_weight > self._main_limit:
            self._window.add(*self._pop_from_main())
        while self._window.weight > self._window_limit:
            self._probation.add(*self._window.pop_oldest())
