"""Requests as a process sees them: what is popular, and in between what is asked for once.

Popular keys follow Zipf's law with exponent 0.9, as is found for web caches (Breslau et al. 1999).
A trace is the same for the same seed. Keys are numbers.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Final

KEYS: Final = 25_000
_EXPONENT: Final = 0.9

Trace = list[int]


def reports(count: int) -> Trace:
    """Every 3,000 requests a report reads 1,500 rows that nobody else asks for."""
    usual = popular(random.Random(1), count)
    rows = itertools.count(KEYS)
    trace: Trace = []
    while len(trace) < count:
        trace += itertools.islice(usual, 3000)
        trace += itertools.islice(rows, 1500)
    return trace[:count]


def loops(count: int) -> Trace:
    """Among the requests, something goes round and round 4,000 rows: a leaderboard, a poller."""
    draw = random.Random(2)
    usual = popular(draw, count)
    rows = itertools.cycle(range(KEYS, KEYS + 4000))
    trace: Trace = []
    while len(trace) < count:
        trace.append(next(usual))
        if draw.random() < 0.4:
            trace.append(next(rows))
    return trace[:count]


def shifts(count: int) -> Trace:
    """Every 50,000 requests a third of all keys change places; reports of 1,000 rows between."""
    draw = random.Random(3)
    usual = popular(draw, count)
    rows = itertools.count(KEYS)
    places = list(range(KEYS))
    trace: Trace = []
    for turn in itertools.count():
        if len(trace) >= count:
            return trace[:count]
        if turn % 10 == 0:
            _exchange(draw, places, KEYS // 3)
        trace += (places[key] for key in itertools.islice(usual, 4000))
        trace += itertools.islice(rows, 1000)
    raise AssertionError("counting ends nowhere")


TRACES: Final[Mapping[str, Callable[[int], Trace]]] = {
    "reports": reports,
    "loops": loops,
    "shifting popularity": shifts,
}


def popular(draw: random.Random, count: int, of: int = KEYS) -> Iterator[int]:
    """Draw requests, for 0 the most and for each further key fewer."""
    weights = itertools.accumulate((rank + 1) ** -_EXPONENT for rank in range(of))
    return iter(draw.choices(range(of), cum_weights=list(weights), k=count))


def _exchange(draw: random.Random, places: list[int], count: int) -> None:
    chosen = draw.sample(range(len(places)), count)
    keys = [places[place] for place in chosen]
    draw.shuffle(keys)
    for place, key in zip(chosen, keys, strict=True):
        places[place] = key
