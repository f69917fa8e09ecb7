"""Games that bring more work than there are workers, and games that do not."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.games import GameLoad
from dbsbm.optimizer.rules.fleet import games_ahead
from tests.unit.optimizer.evidence import NOW, curve, curves, evidence

HOUR = 3600.0
DAY = 24 * HOUR
STEP = 600
NOON = NOW.timestamp()


def starts(games: int, *, ahead: int) -> tuple[float, ...]:
    """Some games at eight in the evening of each of the last five days, and some tonight."""
    evenings = [NOON - DAY * day + 8 * HOUR for day in range(5, 0, -1) for _ in range(games)]
    return (*evenings, *[NOON + 8 * HOUR] * ahead)


def arrivals(of_a_game: float, games: int, quiet: float = 60) -> dict[float, float]:
    """Tasks in each ten minutes; a game brings as many in its first hour."""
    draw = Random(3)
    counts = {}
    for number in range(int(6 * DAY / STEP)):
        at = NOON - 6 * DAY + STEP * number
        is_on = any(0 <= at - start < HOUR for start in starts(1, ahead=0))
        mean = quiet + (of_a_game * games if is_on else 0)
        counts[at] = max(0.0, round(draw.gauss(mean, mean**0.5)))
    return counts


def examined(
    *,
    games: int = 4,
    ahead: int = 4,
    of_a_game: float = 300,
    quiet: float = 60,
    processes: int = 2,
    role: str = "worker.images",
    queue: str = "images",
) -> list[Finding]:
    lives = [
        curve("process.memory_bytes", [1.0], role=role, process=f"1.{number}")
        for number in range(processes)
    ]
    runs = curve("task.run", [100.0], kind="distribution", count=100, queue=queue)
    load = GameLoad(starts(games, ahead=ahead), {queue: arrivals(of_a_game, games, quiet)})
    return games_ahead.examine(evidence(games=load, curves=curves(*lives, runs)))


def test_tonights_games_need_more_processes_than_run() -> None:
    (finding,) = examined()
    assert (finding.object, finding.severity) == ("queues images", "warning")
    # Four games bring 1,200 tasks of a second in ten minutes beside 60 others: 2.1 run at once.
    assert finding.evidence["tasks_a_second"] == pytest.approx(2.1, rel=0.1)
    assert finding.evidence["needed"] >= 4
    assert "4 games start in the next 12 hours, and around 20:" in finding.cause
    assert f"{finding.evidence['needed_at_most']} pool processes" in finding.fix[0]


def test_more_games_than_ever_need_more_than_ever() -> None:
    (usual,), (more,) = examined(), examined(ahead=8)
    assert more.evidence["needed"] > usual.evidence["needed"] + 1


@pytest.mark.parametrize(
    "changes",
    [
        {"processes": 9},
        {"ahead": 0},
        {"games": 1, "of_a_game": 1200},
        {"of_a_game": 5},
        {"quiet": 1800},
        {"role": "worker.maintenance", "queue": "maintenance"},
        {"processes": 0},
    ],
    ids=[
        "enough",
        "no games",
        "few games",
        "games that bring nothing",
        "too small without games",
        "nobody waits",
        "no worker",
    ],
)
def test_the_rule_is_silent(changes: dict[str, Any]) -> None:
    assert examined(**changes) == []


def test_what_is_only_possible_is_for_your_information() -> None:
    found = [examined(processes=number, quiet=30, of_a_game=90) for number in range(1, 5)]
    severities = [each[0].severity for each in found if each]
    assert severities == sorted(severities, reverse=True)
    assert {"info", "warning"} == set(severities)
