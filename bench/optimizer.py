"""The optimizer on databases that it has never seen, beside the tools that operators have today.

Each part is a module of `bench.rig` with `rows(quick=...)`, and those that make their data from a
seed take one. For the first four a private MariaDB is planted with tables, data, a load, faults and
healthy look-alikes; the optimizer is run as an operator runs it, and every fix that it offers is
tried. `--only NAME` runs one part, `--seed N` one database; with a seed below 1,000 what was missed
is told.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from types import ModuleType

from bench.harness import Row
from bench.rig import (
    optimizer_healthy,
    optimizer_knee,
    optimizer_recall,
    optimizer_repetition,
    optimizer_scale,
    optimizer_shadow,
    optimizer_ttl,
    optimizer_warm,
)

PARTS: Mapping[str, ModuleType] = {
    "recall": optimizer_recall,
    "shadow": optimizer_shadow,
    "healthy": optimizer_healthy,
    "scale": optimizer_scale,
    "repetition": optimizer_repetition,
    "ttl": optimizer_ttl,
    "warm": optimizer_warm,
    "knee": optimizer_knee,
}
"""Name -> what measures it."""


def rows(quick: bool, seed: int | None = None) -> Iterator[Row]:
    """Measure everything; with `quick` less of it, with a seed that database alone."""
    for part in PARTS.values():
        seeded = seed is not None and "seed" in inspect.signature(part.rows).parameters
        yield from part.rows(quick=quick, seed=seed) if seeded else part.rows(quick=quick)
