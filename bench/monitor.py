"""What the monitor costs, how exact it is, and what a year of it weighs.

Each part is a module of `bench.rig` with `rows(quick=...)`, and measures ours beside its peer in
the same run. `--only NAME` runs one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import ModuleType

from bench.harness import Row
from bench.rig import (
    monitor_accuracy,
    monitor_alerts,
    monitor_cost,
    monitor_dashboard,
    monitor_delivery,
    monitor_labels,
    monitor_observe,
    monitor_readout,
    monitor_year,
)

PARTS: Mapping[str, ModuleType] = {
    "observe": monitor_observe,
    "cost": monitor_cost,
    "accuracy": monitor_accuracy,
    "readout": monitor_readout,
    "labels": monitor_labels,
    "year": monitor_year,
    "alerts": monitor_alerts,
    "delivery": monitor_delivery,
    "dashboard": monitor_dashboard,
}
"""Name -> what measures it."""


def rows(quick: bool) -> Iterator[Row]:
    """Measure everything; with `quick` less of it."""
    for part in PARTS.values():
        yield from part.rows(quick=quick)
