from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from dbsbm.db.engine import Database
from dbsbm.db.models import RollupDue
from dbsbm.monitor.store import rollup
from dbsbm.monitor.store.resolutions import DAY, HOUR, TEN_MINUTES
from dbsbm.monitor.store.rollup import RollupReport, roll_up
from tests.integration.monitor.store.filling import Filler

START = datetime(2026, 11, 20, tzinfo=UTC)
LATER = START + timedelta(days=2)


def minutes(*numbers: int) -> list[datetime]:
    return [START + timedelta(minutes=number) for number in numbers]


def test_coarser_points_hold_all_that_the_finer_ones_did(
    database: Database, filler: Filler
) -> None:
    for at in minutes(0, 5, 9, 10, 75, 1439):
        filler.minute(at, "took", [1, 2, 3], task="t")
    roll_up(database, now=LATER)
    ten = filler.points(TEN_MINUTES)
    assert ten["took", "task=t", START] == ten["took", "", START] == (9, 18)
    assert len(ten) == 2 * 4
    assert filler.points(HOUR)["took", "task=t", START] == (12, 24)
    assert filler.points(DAY)["took", "task=t", START] == (18, 36)


def test_a_stretch_is_made_only_when_it_has_ended(database: Database, filler: Filler) -> None:
    filler.minute(START, "took", [1])
    roll_up(database, now=START + timedelta(seconds=TEN_MINUTES + 119))
    assert not filler.points(TEN_MINUTES)
    roll_up(database, now=START + timedelta(seconds=TEN_MINUTES + 120))
    assert filler.points(TEN_MINUTES)
    assert not filler.points(HOUR)


def test_making_it_twice_changes_nothing(database: Database, filler: Filler) -> None:
    filler.minute(START, "took", [1, 2])
    assert roll_up(database, now=LATER) == RollupReport(3, 3)
    before = [filler.points(resolution) for resolution in (TEN_MINUTES, HOUR, DAY)]
    assert roll_up(database, now=LATER) == RollupReport(0, 0)
    database.transact(lambda s: s.add(RollupDue(resolution=TEN_MINUTES, start=START)))
    roll_up(database, now=LATER)
    assert [filler.points(resolution) for resolution in (TEN_MINUTES, HOUR, DAY)] == before


def test_what_comes_late_is_in_every_coarser_point(database: Database, filler: Filler) -> None:
    filler.minute(START, "took", [1])
    roll_up(database, now=LATER)
    filler.minute(START, "took", [5])
    filler.minute(START + timedelta(minutes=90), "took", [7], task="new")
    roll_up(database, now=LATER)
    assert filler.points(TEN_MINUTES)["took", "", START] == (2, 6)
    assert filler.points(DAY)["took", "", START] == (3, 13)
    assert filler.points(DAY)["took", "task=new", START] == (1, 7)


def test_what_is_left_when_the_time_is_over_is_made_by_the_next_run(
    database: Database, filler: Filler
) -> None:
    for at in minutes(0, 20, 40):
        filler.minute(at, "took", [1])
    assert roll_up(database, now=LATER, budget_seconds=-1).stretches == 0
    assert roll_up(database, now=LATER).stretches == 5
    assert filler.points(DAY)["took", "", START] == (3, 3)


def test_a_run_that_is_killed_in_the_middle_leaves_nothing_half_made(
    database: Database, filler: Filler, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at in minutes(0, 20):
        filler.minute(at, "took", [1])

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(rollup, "insert_points", die)
        with pytest.raises(KeyboardInterrupt):
            roll_up(database, now=LATER)
    assert not filler.points(TEN_MINUTES)
    roll_up(database, now=LATER)
    assert filler.points(DAY)["took", "", START] == (2, 2)


def test_two_runs_and_late_points_at_once_lose_and_double_nothing(
    database: Database, filler: Filler
) -> None:
    for at in minutes(*range(0, 60, 5)):
        filler.minute(at, "took", [1])
    runs = [threading.Thread(target=roll_up, args=(database,)) for _ in range(2)]
    for run in runs:
        run.start()
    for at in minutes(*range(0, 60, 5)):
        filler.minute(at, "took", [1])
    for run in runs:
        run.join()
    roll_up(database, now=LATER)
    assert filler.points(DAY)["took", "", START] == (24, 24)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(RollupDue)) == 0
