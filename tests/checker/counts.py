"""What a process of a crew counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Self

_EXAMPLES = 5


@dataclass(slots=True)
class Counts:
    """Operations, and what was wrong with them. Adding two gives those of both.

    Attributes:
        reads: Reads through a cache, each of them checked.
        writes: Transactions, rolled back ones too.
        stale: Reads that began after a newer version was committed, and did not give it.
        late: Those of them that began longer than the plan's bound after that.
        phantoms: Reads of what was rolled back.
        errors: Reads that raised.
        longest: Most seconds that a read was behind the truth.
        slowest: Seconds of the slowest read.
        lags: Seconds from a commit until its version was served, of each that a watcher saw.
        examples: The first few things that went wrong, in words.
    """

    reads: int = 0
    writes: int = 0
    stale: int = 0
    late: int = 0
    phantoms: int = 0
    errors: int = 0
    longest: float = 0.0
    slowest: float = 0.0
    lags: list[float] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)

    @property
    def operations(self) -> int:
        """Reads and writes."""
        return self.reads + self.writes

    def say(self, text: str) -> None:
        """Keep an example, if there are few."""
        if len(self.examples) < _EXAMPLES:
            self.examples.append(text)

    def __add__(self, other: Self) -> Self:
        added = {f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)}
        added["longest"] = max(self.longest, other.longest)
        added["slowest"] = max(self.slowest, other.slowest)
        return type(self)(**added)


def total(counts: Iterable[Counts]) -> Counts:
    """Return the sum of all."""
    return sum(counts, Counts())
