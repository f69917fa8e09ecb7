"""Series to try rules on: levels over time, with noise that is the same in every run."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from dbsbm.monitor.alerts.recording import Recording
from dbsbm.monitor.alerts.replay import Replayed, replay
from dbsbm.monitor.alerts.rule import Rule
from dbsbm.monitor.alerts.rulefile import load_rules

START = 1_770_000_000
MINUTE, HOUR = 60, 3600
Row = tuple[str | None, str | None, str | None, str | None]


def rows(
    series: str,
    level: Callable[[float], float],
    *,
    hours: float = 4,
    every: float = 15,
    count: int | str = 50,
    noise: float = 0.05,
) -> Iterator[Row]:
    """Rows of a series: `level` gives the value by seconds since the start."""
    chance = random.Random(series)
    for step in range(int(hours * HOUR / every)):
        seconds = step * every
        value = level(seconds) * chance.gauss(1, noise)
        yield str(START + seconds), series, str(value), str(count)


def during(begin: float, end: float, high: float, low: float) -> Callable[[float], float]:
    """A level that is high between two times, in minutes."""
    return lambda seconds: high if begin * MINUTE <= seconds < end * MINUTE else low


def incidents(*series: Iterator[Row], rules: tuple[Rule, ...] | None = None) -> list[Replayed]:
    """The incidents that rules raise, the shipped ones where none are given."""
    together = [row for each in series for row in each]
    return replay(rules or load_rules(), Recording(together)).incidents


def minute(at: float | None) -> float:
    """Minutes since the start."""
    assert at is not None
    return (at - START) / MINUTE
