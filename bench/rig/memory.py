"""What an idle fleet keeps in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psutil

from bench.rig.fleet import FleetUnderTest

MIB = 2**20


@dataclass(frozen=True, slots=True)
class Memory:
    """Of a process and its children, in MiB.

    Attributes:
        pss: Proportional: what processes share is divided among them, so that sums are true.
        rss: Resident: what they share counts for each.
        processes: How many there are.
    """

    pss: float
    rss: float
    processes: int


def by_process(fleet: FleetUnderTest) -> dict[str, Memory]:
    """The memory of each process of a fleet, the supervisor included."""
    roots = {name: identity.pid for name, identity in fleet.processes().items()}
    found = {name: _of(list(_tree(pid))) for name, pid in roots.items()}
    return {**found, "supervisor": _of([psutil.Process(fleet.supervisor_pid)])}


def _tree(pid: int) -> Iterator[psutil.Process]:
    process = psutil.Process(pid)
    yield process
    yield from process.children(recursive=True)


def _of(processes: list[psutil.Process]) -> Memory:
    sizes = [process.memory_full_info() for process in processes]
    # macOS and others have no PSS: what is unique to a process comes closest.
    shares = (getattr(size, "pss", size.uss) for size in sizes)
    return Memory(sum(shares) / MIB, sum(size.rss for size in sizes) / MIB, len(processes))
