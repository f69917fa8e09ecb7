"""What members get, what the schedule keeps, and what providers allow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dbsbm.optimizer.fleet.curves import Curve, Reading
from dbsbm.optimizer.fleet.evidence import JobRuns
from dbsbm.optimizer.rules.fleet import images_twice, job_overlap, late_answers, quota
from tests.unit.optimizer.evidence import counters, curves, evidence, total

# --- fleet.job_overlap ----------------------------------------------------------------------------


def job(runs: int, overlapped: int, p95: float = 70.0) -> Any:
    found = JobRuns("grading", runs, 60.0, overlapped, p95, 95.0)
    return job_overlap.examine(evidence(jobs=(found,)))


def test_a_job_that_overtakes_itself_gets_a_longer_interval() -> None:
    (finding,) = job(500, 100)
    assert finding.object == "job grading"
    assert "100 of 500 runs of grading were not over when the next was due, 60 s" in finding.cause
    assert finding.fix[0] == "SCHEDULE_OVERRIDES='{\"grading\": 140}', and restart beat."


@pytest.mark.parametrize(("runs", "overlapped"), [(19, 19), (500, 30), (20, 2), (500, 0)])
def test_a_job_that_is_late_by_chance_is_left_alone(runs: int, overlapped: int) -> None:
    assert job(runs, overlapped) == []


# --- fleet.late_answers ---------------------------------------------------------------------------


def answers(count: int, late: float, metric: str = "discord.answer") -> Any:
    return late_answers.examine(
        evidence(
            counters=counters(
                total(f"{metric}.count", count, command="bet"),
                total(f"{metric}.p90", late, command="bet"),
                total(f"{metric}.max", 19.0, command="bet"),
                total(f"{metric}.count", 5000, command="games"),
                total(f"{metric}.p90", 0.4, command="games"),
            )
        )
    )


def test_a_command_that_answers_late_is_found() -> None:
    (finding,) = answers(400, 7.5)
    assert (finding.object, finding.severity) == ("answers of bet", "warning")
    assert "A tenth of the 400 answers of bet took more than 7.5 s, the longest 19.0 s." in (
        finding.cause
    )


def test_an_acknowledgement_that_discord_nearly_refuses_is_critical() -> None:
    (finding,) = answers(400, 2.5, "discord.ack")
    assert (finding.object, finding.severity) == ("acknowledgements of bet", "critical")


@pytest.mark.parametrize(("count", "late"), [(199, 30.0), (400, 4.9)])
def test_few_answers_or_fast_ones_are_left_alone(count: int, late: float) -> None:
    assert answers(count, late) == []


# --- fleet.images_drawn_twice ---------------------------------------------------------------------


def drawn(**counts: float) -> Any:
    found = (
        total(f"cache.{name}", count, category="image_cache") for name, count in counts.items()
    )
    return images_twice.examine(evidence(counters=counters(*found)))


def test_pictures_that_are_too_large_to_keep_are_found() -> None:
    (finding,) = drawn(loads=400, sets=300, drops=100, load_ns=400 * 2e8)
    assert finding.cause == (
        "100 of 400 pictures were drawn and not kept. They are larger than 2 MiB."
    )
    assert "cache policy set image_cache --max-bytes 4194304" in finding.fix[0]
    assert finding.expected_gain == "20 s of drawing in the window."


def test_pictures_that_the_server_did_not_take_are_found() -> None:
    (finding,) = drawn(loads=400, sets=300, drops=100, errors=100)
    assert "python -m dbsbm cache health" in finding.fix[0]
    assert finding.revert == ()


@pytest.mark.parametrize(
    "counts",
    [
        {"loads": 400, "sets": 395, "drops": 5},
        {"loads": 400, "sets": 300, "load_errors": 100},  # no picture was made
        {"loads": 19},
        {"loads": 100, "sets": 400},  # warmed
    ],
)
def test_pictures_that_are_kept_or_never_came_to_be_are_left_alone(
    counts: dict[str, float],
) -> None:
    assert drawn(**counts) == []


# --- fleet.quota ----------------------------------------------------------------------------------

MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)
# Calls that an hour of a day takes: most in the American evening, which is UTC's night.
USUAL = [9, 9, 8, 6, 3, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6, 7, 8, 8, 8]


def plan(
    hour: int, scale: float, *, limit: float = 100, past: int = 3, full_days: bool = True
) -> Any:
    """Asked at an hour of a day that takes `scale` times what the days before did."""
    readings = []
    for day in range(-past, 1):
        left, pace = limit, scale if day == 0 else 1.0
        start = 0 if full_days or day == 0 else 12
        for each in range(24 if day else hour + 1):
            left = max(0.0, left - pace * USUAL[each])
            at = (MIDNIGHT + timedelta(days=day, hours=each)).timestamp()
            if each >= start:
                readings.append(Reading(at, 1, left, left, left + pace * USUAL[each]))
    curve = Curve("provider.quota_left", {"provider": "apisports"}, "gauge", 3600, readings)
    now = MIDNIGHT + timedelta(hours=hour, minutes=50)
    return quota.examine(evidence(until=now, trends=curves(curve)))


def test_a_plan_that_ends_before_its_day_is_foretold_by_the_days_before() -> None:
    (finding,) = plan(8, 1.5)
    assert finding.object == "provider apisports"
    assert finding.severity == "warning"
    assert finding.evidence["least_needed"] > finding.evidence["left"]
    assert "SCHEDULE_OVERRIDES" in finding.fix[0]


def test_a_night_of_games_is_not_drawn_out_over_the_day() -> None:
    assert plan(4, 1.0) == []  # a third of the plan is gone in five hours, as every night


@pytest.mark.parametrize(
    ("hour", "scale", "past"),
    [
        (8, 1.0, 3),
        (1, 1.5, 3),  # the day is young
        (8, 1.5, 0),  # nobody knows a day
        (20, 2.5, 3),  # nothing is left: the alert has told
    ],
)
def test_a_plan_that_lasts_or_of_which_nothing_is_known_is_left_alone(
    hour: int, scale: float, past: int
) -> None:
    assert plan(hour, scale, past=past) == []


def test_a_day_that_was_measured_in_part_says_nothing() -> None:
    assert plan(8, 1.5, full_days=False) == []
