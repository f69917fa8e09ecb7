"""Calls that a task repeats once a row: which are found, and what looking costs."""

from __future__ import annotations

import time
from collections.abc import Iterator

from bench.harness import Row, alternate
from bench.rig.repetition_traces import (
    LEGS,
    LOOK_ALIKES,
    SHAPES,
    by_description,
    named,
)
from dbsbm.optimizer.repetition import watch
from dbsbm.optimizer.repetition.watch import StatementCalls

SENTRY = "Sentry's rule for statements"


def rows(*, quick: bool, seed: int | None = None) -> Iterator[Row]:
    """Found and wrongly named, over several seeds the worst; and the time of a statement."""
    first = 1000 if seed is None else seed
    seeds = range(first, first + (3 if quick else 25))
    yield Row(
        "12 repeating shapes named, in the worst of the seeds",
        min(named(SHAPES.values(), each) for each in seeds),
        "shapes",
        better="higher",
        floor=11,
        aim=12,
        peers={SENTRY: min(named(SHAPES.values(), each, by_description) for each in seeds)},
        runs=len(seeds),
    )
    yield Row(
        "10 look-alikes named, in the worst of the seeds",
        len(LOOK_ALIKES) - min(named(LOOK_ALIKES.values(), each) for each in seeds),
        "look-alikes",
        floor=0,
        aim=0,
        peers={
            SENTRY: len(LOOK_ALIKES)
            - min(named(LOOK_ALIKES.values(), each, by_description) for each in seeds)
        },
        runs=len(seeds),
    )
    count, rounds = (50_000, 6) if quick else (200_000, 10)
    measured = alternate(
        {"watched": lambda: _nanoseconds(count), "nothing": lambda: _loop_nanoseconds(count)},
        rounds,
    )
    watched = measured["watched"]
    yield Row(
        "following one statement",
        watched.median - measured["nothing"].median,
        "ns",
        aim=1000,
        runs=watched.runs,
        spread=watched.spread,
    )


def _nanoseconds(count: int) -> float:
    tell = StatementCalls("mysql")
    ids = [(number,) for number in range(1000)]
    began = time.process_time()
    with watch.scope() as scope:
        for number in range(count):
            tell(LEGS, ids[number % 1000], 1.0, 1.001, 3)
    scope.repetitions()
    return (time.process_time() - began) / count * 1e9


def _loop_nanoseconds(count: int) -> float:
    ids = [(number,) for number in range(1000)]
    began = time.process_time()
    for number in range(count):
        _nothing(LEGS, ids[number % 1000], 1.0, 1.001, 3)
    return (time.process_time() - began) / count * 1e9


def _nothing(_sql: str, _values: object, _began: float, _ended: float, _rows: int) -> None:
    pass
