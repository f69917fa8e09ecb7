"""What lifetimes and forecasts are learned from, as the measured past gives it."""

from __future__ import annotations

from datetime import timedelta

from dbsbm.cache.categories import Category
from dbsbm.db.engine import Database
from dbsbm.monitor.store.history import History
from dbsbm.optimizer.fleet.games import GameLoad, read_game_load
from dbsbm.optimizer.fleet.measured import read_curves
from dbsbm.optimizer.rules.cache.learned import learned
from tests.integration.db.rows import a_game
from tests.integration.optimizer.simulated_day import NOW, Day

HOUR = timedelta(hours=1)


def history(database: Database) -> History:
    return History(database, now=lambda: NOW)


def test_reloads_are_read_by_class_and_by_what_they_showed(database: Database) -> None:
    day = Day()
    for _, at in day.steps():
        labels = {"category": "api_response", "family": "scores"}
        day.observe(at, "cache.reload_age", [200.0, 400.0], **labels, changed="yes")
        day.observe(at, "cache.reload_age", [300.0] * 3, **labels, changed="no")
    day.store(database)
    curves = read_curves(history(database), NOW - 24 * HOUR, NOW)
    known = learned(curves, Category.API_RESPONSE)
    assert known is not None
    (found,) = known.classes.values()
    assert list(known.classes) == ["scores"]
    assert (found.looks, found.changes, round(found.age)) == (720, 288, 300)
    assert learned(curves, Category.GAME_DATA) is None


def test_tasks_are_read_by_queue_where_games_will_start(database: Database) -> None:
    day = Day()
    for _, at in day.steps():
        day.observe(at, "task.wait", [0.1] * 6, task="tasks.slips.draw", queue="images")
    day.store(database)
    late = database.transact(
        lambda session: [
            a_game(session, number=number, starts_at=NOW + hours * HOUR).starts_at
            for number, hours in enumerate((-200, -30, -1))
        ]
    )
    load = read_game_load(database, history(database), NOW)
    assert load == GameLoad((late[2].timestamp(), late[1].timestamp()), {})
    database.transact(lambda session: a_game(session, number=9, starts_at=NOW + 5 * HOUR).id)
    load = read_game_load(database, history(database), NOW)
    assert max(load.starts) == (NOW + 5 * HOUR).timestamp()
    assert set(load.arrivals) == {"images"}
    assert set(load.arrivals["images"].values()) == {6}
    assert len(load.arrivals["images"]) == 144
