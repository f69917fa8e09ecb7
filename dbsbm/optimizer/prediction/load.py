"""How many tasks a queue will get around the games to come, and how many should run at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, sqrt
from typing import Final

STEP: Final = 300.0
"""Seconds over which arrivals are counted."""
_BEFORE, _AFTER = 12, 36
"""Steps about a start in which a game makes work: from an hour before to three hours after."""
_ROUNDS: Final = 30
_DEVIATIONS: Final = 2.0
MOST_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True)
class Forecast:
    """A step of the time to come.

    Attributes:
        at: Its beginning, Unix time.
        arrivals: Expected tasks a second.
        upper: Tasks a second that it will hardly be above.
    """

    at: float
    arrivals: float
    upper: float


@dataclass(frozen=True, slots=True)
class LoadProfile:
    """Work of a quiet step, and what one game adds to it, by step from its start.

    Attributes:
        quiet: Tasks of a step without games.
        game: Tasks that a game adds to each step, from an hour before its start.
        dispersion: Variance of a step's tasks over their mean: 1 for independent arrivals.
    """

    quiet: float
    game: tuple[float, ...]
    dispersion: float

    @classmethod
    def learn(cls, counts: Mapping[float, float], starts: Sequence[float]) -> LoadProfile:
        """Tell apart what each game added, where several were on at once.

        By expectation and maximisation for a sum of Poisson counts: a step's tasks are divided
        among what may have caused them, in proportion to what each is believed to cause.

        Args:
            counts: Tasks that arrived in each step, by its beginning.
            starts: When games started.
        """
        starts = sorted(starts)
        steps = {at: _offsets(at, starts) for at in counts}
        total, width = sum(counts.values()), _BEFORE + _AFTER
        quiet = max(1e-9, total / max(1, len(counts)) / 2)
        game = [quiet] * width
        exposed = [0] * width
        for offsets in steps.values():
            for offset in offsets:
                exposed[offset] += 1
        for _ in range(_ROUNDS):
            caused, rest = [0.0] * width, 0.0
            for at, offsets in steps.items():
                expected = quiet + sum(game[offset] for offset in offsets)
                rest += counts[at] * quiet / expected
                for offset in offsets:
                    caused[offset] += counts[at] * game[offset] / expected
            quiet = max(1e-9, rest / max(1, len(counts)))
            pairs = zip(caused, exposed, strict=True)
            game = [max(1e-9, each / times) if times else 1e-9 for each, times in pairs]
        profile = cls(quiet, tuple(game), 1.0)
        squares = [
            (counts[at] - mean) ** 2 / mean
            for at in counts
            if (mean := profile._tasks(at, starts)) > 0.5
        ]
        return cls(quiet, tuple(game), max(1.0, sum(squares) / max(1, len(squares))))

    def forecast(self, since: float, until: float, starts: Sequence[float]) -> list[Forecast]:
        """The steps of a time, given the games that will start about it."""
        starts = sorted(starts)
        found = []
        at = since
        while at < until:
            tasks = self._tasks(at, starts)
            upper = tasks + _DEVIATIONS * sqrt(self.dispersion * tasks)
            found.append(Forecast(at, tasks / STEP, upper / STEP))
            at += STEP
        return found

    def _tasks(self, at: float, starts: Sequence[float]) -> float:
        return self.quiet + sum(self.game[offset] for offset in _offsets(at, starts))


def concurrency(
    arrivals: float, seconds: float, *, tolerated_wait: float = 1.0, tolerated_share: float = 0.05
) -> int:
    """How many tasks have to run at once so that few wait long.

    By Erlang's formula C, for tasks that come and end at random: of those that come, the share
    `C exp(-(running - load) wait / seconds)` waits longer than `wait`. Source: L. Kleinrock,
    Queueing Systems I (1975), section 3.5.

    Args:
        arrivals: Tasks a second.
        seconds: What a task takes.
        tolerated_wait: Seconds that a task may wait.
        tolerated_share: Share of the tasks that may wait longer.

    Raises:
        ValueError: More than a thousand would have to run.
    """
    load = arrivals * seconds
    blocked = 1.0  # Erlang's formula B for no place at all, and then for one more each turn
    for running in range(1, MOST_AT_ONCE + 1):
        blocked = load * blocked / (running + load * blocked)
        if running <= load:
            continue
        waiting = running * blocked / (running - load * (1 - blocked))
        late = waiting * exp(-(running - load) * tolerated_wait / seconds) if seconds else 0.0
        if late <= tolerated_share:
            return running
    raise ValueError(f"{load:.0f} tasks at once are more than one queue's workers can run")


def _offsets(at: float, starts: Sequence[float]) -> list[int]:
    """The step of each game that is on, of starts that are sorted."""
    first = bisect_right(starts, at - STEP * _AFTER)
    last = bisect_right(starts, at + STEP * _BEFORE)
    return [int((at - start) // STEP) + _BEFORE for start in starts[first:last]]
