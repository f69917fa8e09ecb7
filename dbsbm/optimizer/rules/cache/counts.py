"""What one category of the cache counted in the window."""

from __future__ import annotations

from dataclasses import dataclass

from dbsbm.cache.categories import Category
from dbsbm.optimizer.fleet.evidence import Counters


@dataclass(frozen=True, slots=True)
class CategoryCounts:
    """As `dbsbm.cache.stats` counts them, added up over all processes."""

    hits: float
    misses: float
    sets: float
    drops: float
    errors: float
    invalidations: float
    loads: float
    load_ns: float
    load_errors: float
    bytes_read: float
    bytes_written: float
    waits: float
    refreshes: float

    @property
    def reads(self) -> float:
        """Hits and misses."""
        return self.hits + self.misses

    @property
    def load_seconds(self) -> float:
        """Mean time of a load."""
        return self.load_ns / self.loads / 1e9 if self.loads else 0.0

    @property
    def mean_bytes(self) -> float:
        """Mean size of a value that was stored."""
        return self.bytes_written / self.sets if self.sets else 0.0


def count(counters: Counters, category: Category) -> CategoryCounts:
    """The counts of a category."""
    names = CategoryCounts.__dataclass_fields__
    return CategoryCounts(*(counters.sum(f"cache.{name}", category=category) for name in names))


def policy_command(category: Category, option: str, value: str) -> str:
    """The command that changes how a category is kept, in every process."""
    return f'python -m dbsbm cache policy set {category} --{option} {value} --reason "..."'


def undo_command(category: Category) -> str:
    """The command that undoes all changes of a category."""
    return f'python -m dbsbm cache policy reset {category} --reason "..."'
