"""Which processes run which queues, and how busy they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from dbsbm.optimizer.fleet.curves import Curves

QUEUES_OF_ROLE: Mapping[str, tuple[str, ...]] = {
    "worker.interactive": ("interactive",),
    "worker.images": ("images",),
    "worker.fetch": ("fetch",),
    "worker.deliver": ("deliver",),
    "worker.maintenance": ("maintenance",),
    "worker.front": ("interactive", "deliver"),
    "worker.back": ("fetch", "maintenance"),
}
"""Role -> the queues it eats, as `workers.profiles` has it."""

AWAITED = frozenset({"interactive", "images", "fetch", "deliver"})
"""Members wait for these; nobody waits for the others."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Processes that share their queues with no others.

    Attributes:
        roles: What the processes are.
        queues: What they eat.
        processes: Start of a step -> pool processes that lived in it.
    """

    roles: tuple[str, ...]
    queues: tuple[str, ...]
    processes: Mapping[float, int]


def find_pools(curves: Curves) -> list[Pool]:
    """The pools whose processes were measured."""
    groups: list[tuple[set[str], set[str]]] = []
    for role in curves.values("process.memory_bytes", "role"):
        if role not in QUEUES_OF_ROLE:
            continue
        roles, queues = {role}, set(QUEUES_OF_ROLE[role])
        for group in [each for each in groups if each[1] & queues]:
            groups.remove(group)
            roles, queues = roles | group[0], queues | group[1]
        groups.append((roles, queues))
    return [
        Pool(tuple(sorted(roles)), tuple(sorted(queues)), _processes(curves, roles))
        for roles, queues in groups
    ]


def count_processes(curves: Curves) -> dict[float, int]:
    """Start of a step -> pool processes of all workers."""
    return _processes(curves, set(QUEUES_OF_ROLE))


def _processes(curves: Curves, roles: set[str]) -> dict[float, int]:
    counts: dict[float, int] = defaultdict(int)
    for role in roles:
        for curve in curves.of("process.memory_bytes", role=role):
            if "." in curve.labels["process"]:  # 2.1 is the first child of the second main process
                for reading in curve.readings:
                    counts[reading.at] += 1
    return dict(counts)
