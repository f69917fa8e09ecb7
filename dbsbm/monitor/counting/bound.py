"""Series whose labels are named once, for what is counted with every task and statement."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from math import isnan, nan
from typing import TYPE_CHECKING

from dbsbm.monitor.counting.minute import Key

if TYPE_CHECKING:
    from dbsbm.monitor.counting.tally import Tally

_PACK = struct.Struct("dd").pack
# Bytes that wait to be added up: enough that adding up is cheap, few enough to be no matter.
_FULL = 1024 * 16


class Bound:
    """One or two series that are observed together: the cheapest way to count where it matters.

    Its values wait as plain bytes: what was noted seconds ago is in no cache of the processor, and
    a list would have each of its numbers fetched from somewhere else.

    Attributes:
        keys: Of each series, as a minute has it.
    """

    __slots__ = ("_noted", "_queue", "_tally", "keys")

    def __init__(self, tally: Tally, *series: tuple[str, Mapping[str, object]]) -> None:
        self._tally = tally
        self._noted = bytearray()
        self._queue: list[Bound] | None = None
        self.keys: tuple[Key, ...] = tuple(
            (name, *((label, str(value)) for label, value in labels.items()))
            for name, labels in series
        )

    def observe(self, at: float, first: float, second: float = nan) -> None:
        """Note a value of each series, to be added up later with many others.

        Args:
            at: Now, by `time.perf_counter`, which whoever measures has just asked.
            first: A value of the first series.
            second: One of the second; NaN where it has none this time.
        """
        tally = self._tally
        if not tally.enabled:
            return
        if at >= tally._ends:  # noqa: SLF001 - half of the class it belongs to
            tally._turn()  # noqa: SLF001
        noted = self._noted
        try:
            noted += _PACK(first, second)
        except struct.error:  # no number, or one that is too large
            tally._dropped += 1  # noqa: SLF001
            return
        # After the value is there: whoever takes values first leaves the queue. A forked child has
        # a queue of its own.
        if self._queue is not tally._waiting:  # noqa: SLF001
            self._queue = tally._waiting  # noqa: SLF001
            tally._wait(self)  # noqa: SLF001
        elif len(noted) > _FULL:
            tally._add_up_bounds()  # noqa: SLF001

    def take(self) -> tuple[Sequence[float], Sequence[float]]:
        """The values of both series since the last time."""
        self._queue = None
        noted = bytes(self._noted)
        del self._noted[: len(noted)]  # what is noted meanwhile stays
        found = memoryview(noted).cast("d").tolist()
        second = found[1::2]
        if isnan(sum(second)):
            second = [value for value in second if not isnan(value)]
        return found[::2], second
