"""Twenty game days: what of the miss burst is gone when values are loaded before kick-off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import exp, log
from random import Random

from bench.harness import Row
from dbsbm.optimizer.prediction.demand import WEEK, Demand, Past, Slot
from dbsbm.optimizer.prediction.load import STEP, LoadProfile, concurrency
from dbsbm.optimizer.prediction.warming import FROM, UNTIL, Warm, plan

DAYS = 20
LIFETIMES = {"game": 900.0, "odds": 300.0, "preview": 7200.0}
_READS = {"game": 30.0, "odds": 25.0, "preview": 2.0}
_TEAMS = 32
_STARTS = (0.0, 3 * 3600.0, 6.5 * 3600.0)
_TASK_SECONDS = 0.25


class _Season:
    """A league whose teams have more and fewer readers, which changes from week to week."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self._fame = [self.random.gauss(0, 0.6) for _ in range(_TEAMS)]
        self._game = 0

    def day(self, week: int) -> list[Past]:
        """The slots of a game day, with the reads that come."""
        random = self.random
        self._fame = [0.97 * each + random.gauss(0, 0.12) for each in self._fame]
        teams = random.sample(range(_TEAMS), _TEAMS)
        found = []
        for home, away in zip(teams[::2], teams[1::2], strict=True):
            self._game += 1
            start = week * WEEK + random.choices(_STARTS, (9, 5, 2))[0]
            interest = exp(self._fame[home] + self._fame[away] + random.gauss(0, 0.25))
            for kind, mean in _READS.items():
                names = (str(home), str(away))
                slot = Slot(kind, "nfl", self._game, names, start)
                found.append(Past(slot, self._reads(mean * interest)))
        return found

    def _reads(self, mean: float) -> tuple[float, ...]:
        """Most come in the half hour before the start, some later."""
        random, count, at = self.random, 0, 0.0
        while (at := at + random.expovariate(mean)) < 1:
            count += 1
        return tuple(
            sorted(
                random.gauss(-480, 360) if random.random() < 0.8 else random.uniform(0, 5400)
                for _ in range(count)
            )
        )


def rows(*, quick: bool, seed: int | None = None) -> Iterator[Row]:
    """Removed and needless loads of all days, and how well the queue's load was foreseen."""
    del quick  # it takes a second
    season = _Season(20_261 if seed is None else seed)
    past = season.day(0)
    without = with_plan = needless = loads = 0
    for week in range(1, DAYS + 1):
        demand = Demand.learn(past, week * WEEK)
        day = season.day(week)
        warms = plan(demand, [each.slot for each in day], LIFETIMES)
        by_slot = defaultdict(list)
        for warm in warms:
            by_slot[warm.slot].append(warm)
        for each in day:
            without += _misses(each, ())[0]
            misses, wasted = _misses(each, by_slot[each.slot])
            with_plan += misses
            needless += wasted
        loads += len(warms)
        past += day
    yield Row(
        f"misses about the start of {DAYS} game days that are gone",
        100 * (1 - with_plan / without),
        "%",
        better="higher",
        floor=60,
        aim=80,
        runs=DAYS,
    )
    yield Row(
        "of the loads before kick-off needless", 100 * needless / loads, "%", floor=20, aim=10
    )
    yield from _queue_rows(season.random)


def _misses(past: Past, warms: Sequence[Warm]) -> tuple[int, int]:
    """Misses about the start, and loads that nobody read before the value ended."""
    lifetime, start = LIFETIMES[past.slot.kind], past.slot.starts_at
    events = [(warm.at - start, True) for warm in warms] + [(at, False) for at in past.reads]
    until, misses, wasted, is_unread = float("-inf"), 0, 0, False
    for at, is_warm in sorted(events):
        if is_warm:
            wasted += is_unread
            until, is_unread = at + lifetime, True
        elif at >= until:
            wasted += is_unread
            misses += FROM <= at < UNTIL
            until, is_unread = at + lifetime, False
        else:
            is_unread = False
    return misses, wasted + is_unread


def _queue_rows(random: Random) -> Iterator[Row]:
    """Peaks of days with more and fewer games at once, and what Erlang's formula makes of them."""
    counts: dict[float, float] = {}
    starts: list[float] = []
    errors, short = [], 0
    for week in range(DAYS + 1):
        base = week * WEEK
        coming = [base + 7200 + random.choices(_STARTS, (9, 5, 2))[0] for _ in range(16)]
        steps = [base + STEP * number for number in range(150)]
        rates = [_true_rate(at, coming) for at in steps]
        if week:
            peak = max(
                LoadProfile.learn(counts, starts).forecast(base, base + STEP * 150, coming),
                key=lambda each: each.arrivals,
            )
            errors.append(abs(log(peak.arrivals / (max(rates) / STEP))))
            needed = concurrency(max(rates) / STEP, _TASK_SECONDS)
            short += concurrency(peak.upper, _TASK_SECONDS) < needed
        for at, rate in zip(steps, rates, strict=True):
            counts[at] = max(0.0, random.gauss(rate, (2 * rate) ** 0.5))
        starts += coming
    yield Row(
        "a day's peak of tasks, foreseen within (mean error)",
        100 * sum(errors) / len(errors),
        "%",
    )
    yield Row(f"of {DAYS} days the suggested concurrency was too low", short, "days")


def _true_rate(at: float, starts: Sequence[float]) -> float:
    """Tasks of a step: each game adds a wave that is highest at its start."""
    return 60 + sum(300 * exp(-(((at - start) / 1500) ** 2)) for start in starts)
