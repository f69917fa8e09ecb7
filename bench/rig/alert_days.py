"""Synthetic days of the four series, with the incidents that are truly in them.

A family is a set of assumptions: how often is read, what a reading is, how it scatters. Days of a
family differ by seed. Into each day go bursts, plateaus, slow burns and flaps, which are incidents,
and spikes, restarts, gaps and hours of hardly any traffic, which are none.
"""

from __future__ import annotations

import csv
import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

DAY = 86_400.0
# A Monday in 2026.
FIRST = 1_767_571_200.0
THRESHOLDS = {"query_seconds": 1.0, "api_seconds": 5.0, "memory_mb": 512.0, "cache_hit_ratio": 0.8}
# Incidents of a series are at least this far apart, and from the day's ends.
APART = 45 * 60.0
# At the quietest time of a day there is this share of the usual traffic.
LEAST_TRAFFIC = 0.2
# An incident has at least so many measurements.
ENOUGH = 40

Noise = Callable[[random.Random, float], float]


@dataclass(frozen=True)
class Family:
    """Assumptions that days share.

    Attributes:
        name: What the rows of the bench call it.
        intervals: Seconds between readings, one of them a day.
        jitter: The share of the interval that a reading may be early or late.
        counts: Least and most measurements of a reading by day; None where the column is empty.
        noise: Gives a factor around 1, from the scatter.
        scatter: Least and most scatter of a day.
        base: Least and most of the quiet level, as a share of the threshold.
        spikes: The chance of a reading to be a wild one.
        sizes: Least and most that an incident goes beyond the threshold, as a factor.
    """

    name: str
    intervals: Sequence[float]
    jitter: float
    counts: tuple[int, int] | None
    noise: Noise
    scatter: tuple[float, float]
    base: tuple[float, float] = (0.25, 0.6)
    spikes: float = 0.003
    sizes: tuple[float, float] = (1.25, 8.0)


@dataclass(frozen=True)
class Truth:
    """An incident that is in a day. Times are Unix seconds."""

    series: str
    kind: str
    start: float
    end: float


@dataclass(frozen=True)
class Row:
    """A row of the recording; the value and the count as texts, for there are wrong ones."""

    at: float
    series: str
    value: str
    count: str


@dataclass(frozen=True)
class Day:
    """A day and what is in it."""

    rows: Sequence[Row]
    truths: Sequence[Truth]
    interval: float

    def write(self, path: Path) -> None:
        """Write the recording."""
        with path.open("w", newline="", encoding="utf-8") as file:
            lines = csv.writer(file)
            lines.writerow(["timestamp", "series", "value", "count"])
            lines.writerows([row.at, row.series, row.value, row.count] for row in self.rows)


def gauss(chance: random.Random, scatter: float) -> float:
    """Symmetric noise."""
    return max(0.02, chance.gauss(1, scatter))


def lognormal(chance: random.Random, scatter: float) -> float:
    """Skewed noise with a median of 1, as response times have it."""
    return chance.lognormvariate(0, scatter)


def uniform(chance: random.Random, scatter: float) -> float:
    """Noise without tails."""
    return 1 + scatter * chance.uniform(-1.7, 1.7)


def heavy(chance: random.Random, scatter: float) -> float:
    """Student's t with three degrees of freedom: wild readings are part of it."""
    spread = math.sqrt(sum(chance.gauss(0, 1) ** 2 for _ in range(3)) / 3)
    return max(0.02, 1 + scatter * chance.gauss(0, 1) / max(spread, 0.05))


def gamma(chance: random.Random, scatter: float) -> float:
    """Skewed noise with a mean of 1."""
    shape = 1 / scatter**2
    return chance.gammavariate(shape, 1 / shape)


# The rules were tuned on these ...
TUNED = (
    Family("15 s, one measurement", (15,), 0.0, (1, 1), gauss, (0.05, 0.2)),
    Family("5 s, jittered, dozens", (5,), 0.3, (5, 60), lognormal, (0.1, 0.4)),
    Family("60 s, means of thousands", (60,), 0.0, (200, 3000), gauss, (0.03, 0.12)),
    Family("30 s, skewed", (30,), 0.1, (10, 120), gamma, (0.1, 0.3)),
    Family("10 s, near the threshold", (10,), 0.2, (20, 200), gauss, (0.05, 0.15), (0.5, 0.78)),
    Family("10 s, spikes", (10,), 0.2, (1, 40), lognormal, (0.1, 0.3), spikes=0.02),
)
# ... and never looked at these.
UNSEEN = (
    Family("1 s, one measurement", (1,), 0.0, (1, 1), lognormal, (0.1, 0.4)),
    Family("20 s, no counts", (20,), 0.5, None, gauss, (0.05, 0.25)),
    Family("10 s, heavy tails", (10, 15), 0.2, (30, 300), heavy, (0.05, 0.2)),
    Family("60 s, jittered", (60,), 0.2, (50, 400), uniform, (0.05, 0.3), (0.3, 0.7)),
    Family("any interval, any counts", (5, 10, 15, 30), 0.1, (20, 2000), gamma, (0.05, 0.35)),
    Family("small incidents", (5, 15), 0.1, (30, 500), gauss, (0.03, 0.1), sizes=(1.1, 1.4)),
    Family("great incidents", (15, 30), 0.1, (3, 90), lognormal, (0.1, 0.5), sizes=(3.0, 20.0)),
)


def make_day(family: Family, seed: int) -> Day:
    """Make a day of a family."""
    return _Maker(family, random.Random(f"{family.name} {seed}")).day()


class _Maker:
    """Makes one day."""

    def __init__(self, family: Family, chance: random.Random) -> None:
        self.family = family
        self.chance = chance
        self.interval = chance.choice(family.intervals)
        self.scatter = chance.uniform(*family.scatter)
        self.usual_count = chance.randint(*(family.counts or (1, 1)))
        night = chance.uniform(0, 20) * 3600
        self.quiet = (FIRST + night, FIRST + night + chance.uniform(1, 4) * 3600)
        self.gaps = self._spans(chance.randint(0, 2), 0.3, 3.0)
        self.restarts = sorted(FIRST + chance.uniform(0, DAY) for _ in range(chance.randint(1, 3)))
        self.truths: list[Truth] = []

    def day(self) -> Day:
        rows = [row for series in THRESHOLDS for row in self._series(series)]
        return Day(self._spoilt(rows), self.truths, self.interval)

    def _spans(self, number: int, least: float, most: float) -> list[tuple[float, float]]:
        chance = self.chance
        starts = [FIRST + chance.uniform(0, DAY) for _ in range(number)]
        return [(start, start + chance.uniform(least, most) * 3600) for start in starts]

    def _series(self, series: str) -> Iterator[Row]:
        base = self.chance.uniform(*self.family.base)
        incidents = self._incidents(series, base)
        at = FIRST + self.chance.uniform(0, self.interval)
        while at < FIRST + DAY:
            row = self._row(series, at, base, incidents)
            if row is not None:
                yield row
            jitter = self.family.jitter * self.chance.uniform(-1, 1)
            at += self.interval * (1 + jitter)

    def _incidents(
        self, series: str, base: float
    ) -> list[tuple[float, float, Callable[[float], float]]]:
        """Levels over spans of time: start, end, and the level by seconds since the start."""
        made: list[tuple[float, float, Callable[[float], float]]] = []
        for _ in range(self.chance.randint(0, 3)):
            kind = self.chance.choice(("burst", "plateau", "burn", "flaps"))
            length, level = getattr(self, f"_{kind}")(base)
            start = FIRST + self.chance.uniform(APART, DAY - APART - length)
            if not self._is_free(start, start + length, made) or self._is_thin(series, length):
                continue
            made.append((start, start + length, level))
            bad = next(s for s in range(int(length) + 1) if level(s) > 1)
            self.truths.append(Truth(series, kind, start + bad, start + length))
        return made

    def _is_free(
        self, start: float, end: float, made: Sequence[tuple[float, float, object]]
    ) -> bool:
        """Whether nothing else is going on: what an incident is would be a matter of opinion."""
        taken = [(a, b) for a, b, _ in made]
        taken += [*self.gaps, self.quiet, *((at - 60, at + 900) for at in self.restarts)]
        return all(end + APART < a or start - APART > b for a, b in taken)

    def _is_thin(self, series: str, length: float) -> bool:
        """Whether so few measurements would be an opinion, not an incident."""
        counts = self.family.counts
        if counts is None or counts[1] == 1 or series == "memory_mb":
            return False
        return length / self.interval * self.usual_count * LEAST_TRAFFIC < ENOUGH

    def _size(self) -> float:
        least, most = self.family.sizes
        return math.exp(self.chance.uniform(math.log(least), math.log(most)))

    def _burst(self, _base: float) -> tuple[float, Callable[[float], float]]:
        least = 180 if self.interval >= 60 else 120
        size = max(self._size(), 1.1 + 2 * self.scatter)
        return self.chance.uniform(least, 600), lambda _seconds: size

    def _plateau(self, _base: float) -> tuple[float, Callable[[float], float]]:
        size = self._size()
        return self.chance.uniform(1200, 6 * 3600), lambda _seconds: size

    def _burn(self, base: float) -> tuple[float, Callable[[float], float]]:
        rise, stay = self.chance.uniform(1, 3) * 3600, self.chance.uniform(1, 3) * 3600
        size = min(self._size(), 2.0)
        return rise + stay, lambda seconds: base + (size - base) * min(seconds / rise, 1)

    def _flaps(self, base: float) -> tuple[float, Callable[[float], float]]:
        phase = self.chance.uniform(max(45, 2 * self.interval), 180)
        size, low = max(self._size(), 1.2), max(base, 0.7)

        def level(seconds: float) -> float:
            return size if int(seconds / phase) % 2 == 0 else low

        return self.chance.uniform(1200, 5400), level

    def _row(
        self,
        series: str,
        at: float,
        base: float,
        incidents: Sequence[tuple[float, float, Callable[[float], float]]],
    ) -> Row | None:
        if any(a <= at < b for a, b in self.gaps):
            return None
        since_restart = min((at - r for r in self.restarts if at >= r), default=DAY)
        if since_restart < 30:
            return None
        count = self._count(at, since_restart)
        if count == 0 and series != "memory_mb":
            return Row(at, series, self.chance.choice(("", "nan", "0")), "0")
        level = next((f(at - a) for a, b, f in incidents if a <= at < b), None)
        value = self._value(series, base if level is None else level, since_restart, count)
        if level is None and self.chance.random() < self.family.spikes:
            value = self._wild(series, value)
        told = "" if self.family.counts is None else str(1 if series == "memory_mb" else count)
        return Row(round(at, 3), series, f"{value:.5f}", told)

    def _count(self, at: float, since_restart: float) -> int:
        if self.quiet[0] <= at < self.quiet[1]:
            return self._poisson(2.0 * self.interval / 60)
        if self.family.counts is None or self.family.counts[1] == 1:
            return 1
        daily = 0.6 + 0.4 * math.sin((at - FIRST) / DAY * 2 * math.pi)
        thin = 0.15 if since_restart < 300 else 1.0
        return max(1, self._poisson(self.usual_count * daily * thin))

    def _poisson(self, mean: float) -> int:
        if mean > 50:
            return max(0, round(self.chance.gauss(mean, math.sqrt(mean))))
        limit, product, count = math.exp(-mean), self.chance.random(), 0
        while product > limit:
            product *= self.chance.random()
            count += 1
        return count

    def _value(self, series: str, level: float, since_restart: float, count: int) -> float:
        if series == "cache_hit_ratio":
            return self._ratio(level, since_restart, count)
        threshold = THRESHOLDS[series]
        if series == "memory_mb":
            if level < 1:
                level = max(0.15, level * min(1.0, 0.3 + since_restart / 7200))
            return threshold * level * self.chance.gauss(1, 0.01)
        return threshold * level * self.family.noise(self.chance, self.scatter)

    def _ratio(self, level: float, since_restart: float, count: int) -> float:
        """Hits of reads: the level is mapped so that 1 is 80 %, and great incidents miss all."""
        true = 0.98 - 0.18 * level if level <= 1 else 0.8 / level
        true *= 1 - 0.8 * math.exp(-since_restart / 120)
        true = min(max(true + self.chance.gauss(0, 0.01), 0.0), 1.0)
        if self.family.counts is None or self.family.counts[1] == 1:
            return true
        if count > 200:
            return min(1.0, max(0.0, self.chance.gauss(true, math.sqrt(true * (1 - true) / count))))
        return sum(self.chance.random() < true for _ in range(count)) / count

    def _wild(self, series: str, value: float) -> float:
        if series == "cache_hit_ratio":
            return value * self.chance.uniform(0.1, 0.8)
        return THRESHOLDS[series] * self.chance.uniform(1.2, 20)

    def _spoilt(self, rows: Sequence[Row]) -> list[Row]:
        """The rows as a bad day has them: some twice, some late, some without a value."""
        spoilt = []
        for row in rows:
            turn = self.chance.random()
            wrong = self.chance.choice(("NaN", "", "inf", "-")) if turn < 0.002 else row.value
            spoilt.append(replace(row, value=wrong))
            if turn > 0.998:
                spoilt.append(row)
        spoilt.sort(key=lambda row: row.at + (self.chance.random() < 0.01) * 120)
        return spoilt
