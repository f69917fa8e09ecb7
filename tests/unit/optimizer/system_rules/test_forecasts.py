from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest

from dbsbm.optimizer.fleet.curves import Curve
from dbsbm.optimizer.fleet.evidence import Evidence
from dbsbm.optimizer.missing import NotEnabledError
from dbsbm.optimizer.rules.system import broker, disk, memory, table_growth
from tests.unit.optimizer.evidence import curve, curves, evidence

GIB = 1024.0**3
MIB = 1024.0**2
STEP = 3 * 3600.0


def growing(start: float, a_day: float, days: float = 14, noise: float = 0.0) -> Sequence[float]:
    chance = random.Random(1)
    return [start + a_day * n / 8 + chance.gauss(0, noise) for n in range(int(8 * days))]


def far(name: str, values: Sequence[float | None], **labels: str) -> Curve:
    return curve(name, values, step=STEP, **labels)


def look(rule: Any, *found: Curve, **parts: Any) -> Any:
    return rule.examine(evidence(trends=curves(*found), **parts))


def free(values: Sequence[float | None]) -> Curve:
    return far("system.disk_free_bytes", values, host="box")


def test_a_disk_that_fills_up_is_foretold_with_an_interval_and_its_table() -> None:
    (finding,) = look(
        disk,
        free(growing(30 * GIB, -1.2 * GIB, noise=1 * GIB)),
        far("database.table_bytes", growing(1 * GIB, 0.9 * GIB), table="metric_points"),
        far("database.table_bytes", growing(1 * GIB, 0.1 * GIB), table="bets"),
    )
    assert finding.object == "disk of box"
    assert finding.cause.startswith("The disk of box is full in ")
    low, high = (finding.evidence[name] for name in ("days_at_least", "days_at_most"))
    assert 8 < low < 11 < high < 15  # 13.2 GiB are left in truth, and 1.2 go each day
    assert f"in {low:.0f} to {high:.0f} days" in finding.cause
    assert "The table metric_points grows by 922 MiB a day." in finding.cause
    assert finding.severity == "warning"
    assert finding.evidence["bytes"] == pytest.approx(13.2 * GIB, rel=0.1)
    assert "deleted at an age of their own" in finding.fix[1]
    assert finding.revert == ()


@pytest.mark.parametrize(
    ("left", "a_day", "severity"),
    [(16, -1, "critical"), (24, -1, "warning"), (36, -1, "info"), (60, -1, None), (20, 1, None)],
)
def test_the_severity_follows_the_earliest_day(
    left: float, a_day: float, severity: str | None
) -> None:
    found = look(disk, free(growing(left * GIB, a_day * GIB)))
    assert [each.severity for each in found] == ([severity] if severity else [])


def test_an_archive_that_was_unpacked_once_fills_no_disk() -> None:
    values = [30 * GIB] * 60 + [20 * GIB] * 52
    assert look(disk, free(values)) == []


def test_a_day_of_samples_foretells_nothing_and_says_so() -> None:
    with pytest.raises(NotEnabledError, match="two days of samples"):
        look(disk, free(growing(30 * GIB, -5 * GIB, days=1)))


def test_no_line_is_drawn_far_beyond_what_was_seen() -> None:
    assert look(disk, free(growing(25 * GIB, -1 * GIB, days=3))) == []
    assert look(disk, free(growing(15 * GIB, -1 * GIB, days=3)))


def available(values: Sequence[float | None]) -> Curve:
    return far("system.memory_available_bytes", values, host="box")


def test_memory_that_runs_out_names_the_role_that_uses_most() -> None:
    used = curves(
        curve("process.memory_bytes", [300 * MIB] * 9, role="worker.images", process="1.1"),
        curve("process.memory_bytes", [90 * MIB] * 9, role="bot", process="1"),
    )
    (finding,) = look(memory, available(growing(3 * GIB, -0.15 * GIB)), curves=used)
    assert finding.object == "memory of box"
    assert "python -m dbsbm profile worker.images --memory" in finding.fix[0]


def test_memory_that_restarts_give_back_does_not_run_out() -> None:
    week = list(growing(3 * GIB, -0.2 * GIB, days=7))
    assert look(memory, available(week + week)) == []


def broker_of(used: Sequence[float | None], limit: float) -> tuple[Curve, Curve]:
    return far("broker.used_bytes", used), far("broker.max_bytes", [limit] * len(used))


def test_a_broker_that_fills_up_is_foretold() -> None:
    (finding,) = look(broker, *broker_of(growing(100 * MIB, 20 * MIB), 512 * MIB))
    assert finding.object == "broker memory"
    assert "refuses tasks" in finding.cause
    assert finding.severity == "warning"


def test_a_broker_without_a_limit_or_growth_is_left_alone() -> None:
    assert look(broker, *broker_of(growing(100 * MIB, 20 * MIB), 0)) == []
    assert look(broker, *broker_of(growing(100 * MIB, 0, noise=MIB), 512 * MIB)) == []


def table(values: Sequence[float | None], name: str = "metric_points") -> Curve:
    return far("database.table_bytes", values, table=name)


def test_a_table_that_doubles_is_for_your_information() -> None:
    (finding,) = look(table_growth, table(growing(100 * MIB, 20 * MIB)), free([500 * GIB] * 112))
    assert finding.object == "table metric_points"
    assert finding.severity == "info"
    assert "grows by 20 MiB a day and doubles in 19 days" in finding.cause


@pytest.mark.parametrize(
    ("name", "advice", "can_undo"),
    [
        ("interactions", "Lower RETENTION_DAYS: finished rows of interactions", True),
        ("metric_points", "which RETENTION_DAYS does not change", False),
        ("incidents", "which RETENTION_DAYS does not change", False),
        ("bets", "nothing deletes rows of bets", False),
    ],
)
def test_a_shorter_retention_is_advised_for_the_tables_that_it_shortens(
    name: str, advice: str, can_undo: bool
) -> None:
    (finding,) = look(
        table_growth, table(growing(100 * MIB, 20 * MIB), name), free([9 * GIB] * 112)
    )
    assert advice in finding.fix[0]
    assert bool(finding.revert) is can_undo


def test_a_table_that_fills_the_disk_alone_is_a_warning() -> None:
    (finding,) = look(table_growth, table(growing(100 * MIB, 20 * MIB)), free([200 * MIB] * 112))
    assert finding.severity == "warning"


@pytest.mark.parametrize(
    "values",
    [
        growing(1 * MIB, 2 * MIB),  # small
        growing(9 * GIB, 20 * MIB),  # it takes more than a year to double
        growing(1 * GIB, -20 * MIB),
        growing(1 * GIB, 0, noise=MIB),
    ],
)
def test_a_table_that_is_small_or_hardly_grows_is_left_alone(values: Sequence[float]) -> None:
    assert look(table_growth, table(values)) == []


def test_of_sqlite_the_file_is_looked_at() -> None:
    (finding,) = look(table_growth, far("database.size_bytes", growing(100 * MIB, 20 * MIB)))
    assert (finding.object, finding.evidence["least_disk_free_bytes"]) == ("database", None)


def test_nothing_is_read_of_evidence_that_is_not_there() -> None:
    assert isinstance(evidence(), Evidence)
    with pytest.raises(NotEnabledError):
        memory.examine(evidence())
