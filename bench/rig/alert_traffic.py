"""Episodes of hardly any traffic, in which nothing may page, and the same with much."""

from __future__ import annotations

import random
from collections.abc import Iterator

from bench.rig.alert_days import FIRST

LOW_N, MANY_N = 20, 200
_SPACES = (5, 15, 60, 240)
# Of each measurement, the chance to be bad where nothing is wrong, and where something is.
_BAD = (0.3, 0.9)

Row = tuple[str, str, str, str]


def episodes(number: int, *, many: bool) -> Iterator[list[Row]]:
    """Yield recordings of one series each.

    Args:
        number: How many.
        many: With 200 measurements or more, nearly all of them bad: something is wrong. Otherwise
            fewer than 20, of which some are bad by chance, or all in an episode of ten.
    """
    for seed in range(number):
        chance = random.Random(f"{seed} {many}")
        series = ("query_seconds", "api_seconds", "cache_hit_ratio", "memory_mb")[seed % 4]
        yield _many(chance, series) if many else _few(chance, series)


def _few(chance: random.Random, series: str) -> list[Row]:
    share = 1.0 if chance.random() < 0.1 and series != "memory_mb" else _BAD[0]
    every, left = chance.choice(_SPACES), chance.randint(1, LOW_N - 1)
    made = []
    at = FIRST
    while left > 0:
        count = min(left, chance.randint(1, 6))
        made.append(_row(chance, series, at, count, share))
        left -= count
        at += every
    return made


def _many(chance: random.Random, series: str) -> list[Row]:
    every = chance.choice(_SPACES[:3])
    steps = max(240 // every, 4)
    count = -(-MANY_N // steps) * chance.randint(1, 20)
    quiet = [_row(chance, series, FIRST + n * every, count, 0.02) for n in range(2 * steps)]
    begin = FIRST + 2 * steps * every
    bad = [_row(chance, series, begin + n * every, count, _BAD[1]) for n in range(steps)]
    return quiet + bad


def _row(chance: random.Random, series: str, at: float, count: int, share: float) -> Row:
    """A reading: hits of reads, or the mean of so many measurements, each good or bad."""
    bad = sum(chance.random() < share for _ in range(count)) / count
    good, worse = {
        "query_seconds": (0.2, 3.0),
        "api_seconds": (1.0, 12.0),
        "memory_mb": (300.0, 700.0),
        "cache_hit_ratio": (1.0, 0.0),
    }[series]
    if series == "memory_mb":
        bad = float(bad > 0.5)
    return str(at), series, str(good + (worse - good) * bad), str(count)
