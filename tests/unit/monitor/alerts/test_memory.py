"""What a process remembers of the history is what it would read anew."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from dbsbm.monitor.alerts.live import Memory
from dbsbm.monitor.alerts.rulefile import load_rules
from dbsbm.monitor.store.history import History
from dbsbm.monitor.store.reading import Point, Series

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULES = load_rules()


class Growing:
    """A history in which minutes fill over two minutes, and series come and go."""

    def __init__(self) -> None:
        self.now = START
        self.late: dict[datetime, float] = {}
        self.points = 0

    @contextmanager
    def together(self) -> Iterator[Growing]:
        yield self

    def series(
        self,
        name: str,
        since: datetime,
        until: datetime,
        *,
        where: Mapping[str, str],
        by: Sequence[str],
        step: timedelta,
        only: Sequence[str],
    ) -> list[Series]:
        first = since - (since - START) % step
        starts = [first + n * step for n in range((until - first) // step + 1)]
        found = []
        for number in range(3 if by else 1):
            points = [
                point
                for start in starts
                if start < until and (point := self._point(name, number, start, step))
            ]
            self.points += len(points)
            found.append(Series({label: str(number) for label in by}, "gauge", step, points))
        return [series for series in found if series.points]

    def _point(self, name: str, number: int, start: datetime, step: timedelta) -> Point | None:
        dice = random.Random(f"{name}{number}{start}")
        if dice.random() < 0.2:  # nothing was measured
            return None
        share = (self.now - start) / (step + 2 * MINUTE)
        count = max(0, min(20, int(20 * share)))
        value = dice.random() + self.late.get(start, 0.0)
        return Point(start, 60, "gauge", count, value * count, value, value, value, ())


@pytest.fixture
def history() -> Growing:
    return Growing()


def memory(history: Growing) -> Memory:
    return Memory(cast(History, history))


def test_it_reads_what_is_new_and_knows_the_whole(history: Growing) -> None:
    remembering = memory(history)
    for turn in range(12):
        history.now = START + turn * timedelta(seconds=70)
        kept = remembering.gather(RULES, history.now)
        anew = memory(history).gather(RULES, history.now)
        for rule, found in anew.items():
            for key, readings in found.items():
                assert kept[rule][key][-len(readings) + 1 :] == readings[1:], (rule, key)


def test_it_reads_little_more_than_what_is_new(history: Growing) -> None:
    remembering = memory(history)
    remembering.gather(RULES, history.now)
    whole, history.points = history.points, 0
    history.now += timedelta(seconds=30)
    remembering.gather(RULES, history.now)
    assert history.points < whole / 10


def test_what_came_late_is_found_in_the_end(history: Growing) -> None:
    remembering = memory(history)
    remembering.gather(RULES, history.now)
    history.late[START - 60 * MINUTE] = 1000.0

    def worst() -> float:
        gathered = remembering.gather(RULES, history.now)
        return max(each.value for each in gathered["beat-silent"][""])

    history.now += 5 * MINUTE
    before = worst()
    history.now += 15 * MINUTE
    assert before < 1000 < worst()


def test_a_clock_that_was_set_back_has_everything_read_anew(history: Growing) -> None:
    remembering = memory(history)
    remembering.gather(RULES, history.now)
    history.now -= 30 * MINUTE
    assert remembering.gather(RULES, history.now) == memory(history).gather(RULES, history.now)
