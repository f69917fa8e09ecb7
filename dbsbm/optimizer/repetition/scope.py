"""One task's or one command's calls, added up by shape while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from dbsbm.optimizer.repetition.shape import Shape

LEAST_CALLS: Final = 5
"""Calls with a value of their own each, from which on it is a loop. Fewer are a few lookups; Sentry
draws the line there, too."""
LEAST_BATCH: Final = 5
"""Rows or values a call, on average, from which on a loop works in batches already."""
LEAST_PAUSE: Final = 0.05
"""Seconds of idleness between two calls that no loop over rows has: whoever waits that long waits
on purpose, such as a poll does."""
_PAUSE_SHARE: Final = 10.0
"""A pause also has to be this many times as long as a call: a loop over slow calls may dawdle."""
MOST_SHAPES: Final = 256
"""Shapes of one scope that are told apart; a loop shows among the first, or it is none."""

MOST_NOTES: Final = 64
"""Calls that wait to be added up, with their values."""

# Shape, or a text and what recognises it, values, began, ended, units: see `Scope.saw`.
_Note = tuple[Shape | str, Callable[[str], Shape | None] | None, object, float, float, int]


@dataclass(frozen=True, slots=True)
class Repetition:
    """A shape that one scope repeated once a row.

    Attributes:
        calls: How often it was called.
        seconds: What these calls took together.
    """

    shape: Shape
    calls: int
    seconds: float


class _Seen:
    """What a scope saw of one shape.

    Attributes:
        shape: The first that had this id; others differ from it in how much one call asks for.
        asked: What all calls asked for together, by their texts.
        units: Rows that all calls read or changed together.
        others: What the scope's calls had taken before the first call of this shape.
        until: What they had taken after its last.
    """

    __slots__ = (
        *("asked", "began", "calls", "ended", "keys", "others"),
        *("seconds", "shape", "units", "until"),
    )

    def __init__(self, shape: Shape, began: float, others: float) -> None:
        self.shape = shape
        self.calls = self.asked = self.units = 0
        self.seconds = 0.0
        self.keys: set[int] = set()
        self.began = self.ended = began
        self.others = self.until = others


@dataclass(slots=True)
class _Sums:
    """What the calls of a scope came to.

    Attributes:
        busy: Seconds that all of them took together.
    """

    seen: dict[str, _Seen] = field(default_factory=dict)
    busy: float = 0.0


class Scope(list[_Note]):
    """The calls of one task, one command, one trace. Memory is bounded, whatever is called.

    A call is only noted; notes are added up when there are many, or in the end: most tasks call so
    little that there is nothing to add up. A scope belongs to what runs in one context; the threads
    and coroutines that it starts may report to it together, and a count that two of them lose to
    each other does no harm.
    """

    # Of the class, until there is something to add up: a scope is made for each task.
    sums: _Sums | None = None

    def saw(self, shape: Shape, values: object, began: float, ended: float, units: int) -> None:
        """Count a call that succeeded. What failed is not counted, for it will be tried again.

        Args:
            shape: Which kind of call it was.
            values: What it was called with, of which no more than a hash is kept for long; None
                where that is not known, and then each call passes for one of its own.
            began: Seconds of a clock that only grows.
            ended: When it was over, by the same clock.
            units: Rows that it read or changed; -1 where the driver does not say.
        """
        self.append((shape, None, values, began, ended, units))
        if len(self) >= MOST_NOTES:
            self.add_up()

    def add_up(self) -> _Sums:
        """Add up what is noted, so that the notes, and the values in them, take no more room."""
        sums = self.sums = self.sums or _Sums()
        notes = self[:]
        del self[: len(notes)]
        for what, shape_of, values, began, ended, units in notes:
            shape = shape_of(what) if shape_of is not None and isinstance(what, str) else what
            if not isinstance(shape, Shape):
                continue
            seen = sums.seen.get(shape.id)
            if seen is None:
                if len(sums.seen) >= MOST_SHAPES:
                    continue
                seen = sums.seen[shape.id] = _Seen(shape, began, sums.busy)
            took = ended - began
            sums.busy += took
            seen.calls += 1
            seen.seconds += took
            seen.asked += shape.batch
            seen.units += units
            seen.ended = ended
            seen.until = sums.busy
            if len(seen.keys) < LEAST_CALLS:
                seen.keys.add(seen.calls if values is None else _hash(values))
        return sums

    def repetitions(self) -> list[Repetition]:
        """The shapes that were repeated once a row, the most time first."""
        if len(self) < LEAST_CALLS and self.sums is None:
            return []
        found = [
            Repetition(seen.shape, seen.calls, seen.seconds)
            for seen in self.add_up().seen.values()
            if len(seen.keys) >= LEAST_CALLS and not _is_batched(seen) and not _is_paced(seen)
        ]
        return sorted(found, key=lambda each: each.seconds, reverse=True)


def _is_batched(seen: _Seen) -> bool:
    if seen.asked >= LEAST_BATCH * seen.calls:
        return True
    if not seen.shape.walks and not seen.shape.writes:
        # The rows of a read are no batch: each row may have thirty children, read one by one.
        return False
    is_unknown = seen.units < 0
    return seen.units >= LEAST_BATCH * seen.calls or (seen.shape.walks and is_unknown)


def _is_paced(seen: _Seen) -> bool:
    """Whether nothing was called for a while between one call and the next."""
    others = seen.until - seen.others
    idle = (seen.ended - seen.began - others) / (seen.calls - 1)
    return idle >= max(LEAST_PAUSE, _PAUSE_SHARE * seen.seconds / seen.calls)


def _hash(values: object) -> int:
    try:
        return hash(values)
    except TypeError:  # a dictionary, or a list of rows
        return hash(repr(values))
