"""The shipped rules of an unattended fleet: each fires, and its look-alike does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from dbsbm.monitor.alerts.rule import Rule
from dbsbm.monitor.alerts.rulefile import load_rules
from tests.unit.monitor.alerts.rows import HOUR, MINUTE, Row, during, incidents, minute, rows

RULES = {rule.name: rule for rule in load_rules()}
GIB = 1.0


def found_by(
    name: str, level: Callable[[float], float], *, hours: float = 4, count: int = 1
) -> list[float]:
    """The minutes at which a rule fires over a series that is read every minute."""
    rule = replace(RULES[name], inhibits=())
    series = rows(rule.signal.metric, level, hours=hours, every=MINUTE, count=count, noise=0)
    return [minute(each.started) for each in incidents(series, rules=(rule,))]


def errors(share: float, *, begin: float, end: float) -> Callable[[float], float]:
    return during(begin, end, share, 0.0)


FIRES = {
    "api-failing": during(60, 240, 0.1, 1.0),
    "long-queue-wait": during(60, 90, 300, 2),
    "dead-letters": during(60, 240, 1, 0),
    "beat-silent": during(60, 90, 200, 5),
    "worker-lost": lambda seconds: float(3600 <= seconds < 3900),
    "quota-running-out": lambda seconds: 900 - seconds / 20,
    "disk-filling-up": lambda seconds: 40 * GIB - seconds / 1000,
    "discord-ban-near": during(60, 70, 700, 0),
    "recorder-away": during(0, 240, 3, 3),
    "tasks-failing-fast": errors(0.2, begin=120, end=180),
    "tasks-failing": errors(0.1, begin=120, end=240),
    "tasks-failing-slowly": errors(0.006, begin=0, end=30 * 60),
}
LOOK_ALIKES = {
    "api-failing": lambda seconds: float(seconds // MINUTE % 10 > 0),  # one call in ten
    "long-queue-wait": lambda seconds: 90.0 if seconds == 3600 else 2.0,  # one job was late
    "dead-letters": during(60, 63, 1, 0),  # replayed at once
    "beat-silent": lambda seconds: 95.0 if seconds == 3600 else 20.0,  # a beat took over
    "worker-lost": lambda seconds: float(seconds % HOUR == 0),  # one an hour
    "quota-running-out": lambda seconds: 900 - (seconds % (24 * HOUR)) / 500,  # lasts all day
    "disk-filling-up": during(60, 240, 12, 40),  # an archive was unpacked
    "discord-ban-near": during(60, 70, 100, 0),
    "recorder-away": during(0, 240, 3, 3),
    "tasks-failing-fast": errors(1.0, begin=120, end=121),  # one bad minute
    "tasks-failing": errors(0.02, begin=120, end=130),
    "tasks-failing-slowly": errors(0.001, begin=0, end=30 * 60),  # within the budget
}
MEMBERS_ONLY = {"slow-queries", "slow-api", "high-memory", "low-hit-ratio"}


def hours_of(name: str) -> float:
    return 30 if name == "tasks-failing-slowly" else 4


def test_every_rule_of_the_fleet_has_its_series_here() -> None:
    assert set(FIRES) == set(LOOK_ALIKES) == set(RULES) - MEMBERS_ONLY


@pytest.mark.parametrize("name", sorted(set(FIRES) - {"recorder-away"}))
def test_it_fires_once(name: str) -> None:
    count = 1000 if name.startswith("tasks") else 1
    assert len(found_by(name, FIRES[name], hours=hours_of(name), count=count)) == 1


@pytest.mark.parametrize("name", sorted(LOOK_ALIKES))
def test_its_look_alike_is_none(name: str) -> None:
    count = 1000 if name.startswith("tasks") else 1
    assert found_by(name, LOOK_ALIKES[name], hours=hours_of(name), count=count) == []


def test_a_recorder_that_stops_is_found_and_so_is_its_return() -> None:
    rule = RULES["recorder-away"]
    name = rule.signal.metric

    def silent(row: Row) -> bool:
        return 60 <= minute(float(row[0] or 0)) < 100

    there = (row for row in rows(name, lambda _: 3.0, every=MINUTE) if not silent(row))
    clock = rows("clock", lambda _: 0.0, every=MINUTE)
    (found,) = incidents(there, clock, rules=(rule,))
    assert 64 <= minute(found.started) <= 65.5
    assert 100 <= minute(found.resolved) <= 102


def test_a_forecast_is_made_hours_ahead() -> None:
    (fired,) = found_by("disk-filling-up", FIRES["disk-filling-up"])
    left_then = 40 - fired * MINUTE / 1000
    assert left_then > 25
    assert fired < 180


def test_of_burn_rates_only_the_fastest_is_told() -> None:
    burning: tuple[Rule, ...] = tuple(r for n, r in RULES.items() if n.startswith("tasks"))
    series = rows(
        "task.run", errors(0.5, begin=1440, end=1500), hours=26, every=MINUTE, count=1000, noise=0
    )
    found = {each.rule: each.messages for each in incidents(series, rules=burning)}
    assert found["tasks-failing-fast"] == 1
    assert sum(found.values()) == 1
