"""Rows, measurements and the machine that they were taken on."""

from __future__ import annotations

import math
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import psutil

Direction = Literal["lower", "higher"]


@dataclass(frozen=True)
class Row:
    """One measured promise.

    Attributes:
        row: What was measured, in a few words.
        value: What it came to: the median of the runs.
        unit: The value's unit, also of the floor, the aim and the peers.
        better: Whether a lower or a higher value is better.
        floor: The worst value that keeps the promise; None where nothing is promised.
        aim: The value that the project works towards.
        peers: What others came to in the same rounds, by name.
        runs: How many runs the value is the median of.
        spread: The runs' range as a fraction of their median: below it, differences are noise.
    """

    row: str
    value: float
    unit: str
    better: Direction = "lower"
    floor: float | None = None
    aim: float | None = None
    peers: Mapping[str, float] = field(default_factory=dict)
    runs: int = 1
    spread: float = 0.0

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ValueError(f"{self.row!r} measured no number but {self.value}")

    @property
    def ok(self) -> bool:
        """Whether the floor holds."""
        if self.floor is None:
            return True
        return self.value <= self.floor if self.better == "lower" else self.value >= self.floor

    def as_json(self) -> dict[str, Any]:
        """Return the row as it is published."""
        return {
            "row": self.row,
            "value": self.value,
            "unit": self.unit,
            "floor": self.floor,
            "aim": self.aim,
            "ok": self.ok,
            "peers": dict(self.peers),
            "runs": self.runs,
            "spread": self.spread,
        }


@dataclass(frozen=True)
class Measurement:
    """The values of several runs of one thing."""

    values: Sequence[float]

    @property
    def median(self) -> float:
        """The middle value, or the mean of the two in the middle."""
        return statistics.median(self.values)

    @property
    def spread(self) -> float:
        """The range as a fraction of the median; 0 where the median is 0."""
        middle = abs(self.median)
        return (max(self.values) - min(self.values)) / middle if middle else 0.0

    @property
    def runs(self) -> int:
        """How many values there are."""
        return len(self.values)


def alternate(contenders: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, Measurement]:
    """Run every contender once a round, in an order that is reversed from round to round.

    With two contenders that is ABBA: a machine that slows down or warms up while it measures
    then treats all of them alike.

    Args:
        contenders: Functions that measure once and return the value, by name.
        rounds: How often each runs; an even number balances the order.
    """
    values: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(rounds):
        progress(f"round {turn + 1} of {rounds}: {', '.join(contenders)}")
        for name in list(contenders)[:: 1 if turn % 2 == 0 else -1]:
            values[name].append(contenders[name]())
    return {name: Measurement(measured) for name, measured in values.items()}


def compare(
    row: str,
    ours: Callable[[], float],
    peers: Mapping[str, Callable[[], float]],
    *,
    unit: str,
    rounds: int,
    better: Direction = "lower",
    floor: float | None = None,
    aim: float | None = None,
) -> Row:
    """Measure ours and the peers in alternating rounds and return the row of the medians.

    Args:
        row: What is measured.
        ours: Measures ours once.
        peers: Measure a peer once, by the peer's name.
        unit: The unit of every value.
        rounds: How often each is measured.
        better: Whether a lower or a higher value is better.
        floor: The worst value that keeps the promise.
        aim: The value that the project works towards.
    """
    measured = alternate({"ours": ours, **peers}, rounds)
    mine = measured.pop("ours")
    return Row(
        row=row,
        value=mine.median,
        unit=unit,
        better=better,
        floor=floor,
        aim=aim,
        peers={name: measurement.median for name, measurement in measured.items()},
        runs=mine.runs,
        spread=mine.spread,
    )


def percentile(values: Iterable[float], percent: float) -> float:
    """Return a percentile, interpolated linearly between the nearest two values.

    This is type 7 of Hyndman and Fan (1996), the default of NumPy and R.

    Args:
        values: At least one value, in any order.
        percent: From 0 (the least) to 100 (the greatest).

    Raises:
        ValueError: There is no value, or `percent` is out of its range.
    """
    ordered = sorted(values)
    if not ordered:
        raise ValueError("a percentile needs at least one value")
    if not 0 <= percent <= 100:
        raise ValueError(f"a percentile lies between 0 and 100, not at {percent}")
    position = (len(ordered) - 1) * percent / 100
    below = math.floor(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def latencies(function: Callable[[], object], calls: int) -> list[float]:
    """Return the seconds that each of `calls` calls took."""
    taken = []
    for _ in range(calls):
        start = time.perf_counter()
        function()
        taken.append(time.perf_counter() - start)
    return taken


def progress(text: str) -> None:
    """Tell whoever waits what is going on, beside the output that is read by programs."""
    print(text, file=sys.stderr, flush=True)


def machine() -> dict[str, Any]:
    """Return what a reader must know to compare the rows with their own."""
    return {
        "cores": _cores(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "kernel": f"{platform.system()} {platform.release()}",
        "cpu_model": _cpu_model(),
    }


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cpu_model() -> str:
    """Return the processor's name; only Linux tells it in a file."""
    about = Path("/proc/cpuinfo")
    lines = about.read_text().splitlines() if about.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())
