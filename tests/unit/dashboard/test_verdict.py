"""One sentence: is the fleet well?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dbsbm.dashboard.reading.tiles import TILES, Reading
from dbsbm.dashboard.reading.verdict import Firing, Vitals, spoken, verdict
from dbsbm.monitor.alerts.rulefile import load_rules

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PAGE = Firing(7, "page", "queue-wait", "queue=images", "Members wait for slips", False)


def of(**changes):
    well = {
        "now": NOW,
        "last_sample": NOW - timedelta(seconds=70),
        "last_slot": NOW - timedelta(seconds=5),
        "dead_letters": 0,
        "late_effects": 0,
        "critical_findings": 0,
        "firing": (),
    }
    return verdict(Vitals(**{**well, **changes}))


def test_a_fleet_without_complaints_is_well() -> None:
    assert of() == {"level": "well", "sentence": "The fleet is well.", "reasons": []}


def test_a_fleet_that_never_measured_anything_is_neither_well_nor_unwell() -> None:
    found = of(last_sample=None, last_slot=None)

    assert found["level"] == "unknown"
    assert "Nothing has been measured yet" in found["reasons"][0]["text"]


def test_old_numbers_are_no_good_news() -> None:
    found = of(last_sample=NOW - timedelta(minutes=12))

    assert found["level"] == "unwell"
    assert "The newest numbers are 12 minutes old" in found["reasons"][0]["text"]


def test_a_silent_beat_is_told_of() -> None:
    found = of(last_slot=NOW - timedelta(hours=3))

    assert found["level"] == "unwell"
    assert found["reasons"][0]["text"].startswith("Beat has been silent for 3 hours")


def test_the_gravest_reason_comes_first_and_decides() -> None:
    found = of(dead_letters=1, firing=(PAGE,))

    assert found["level"] == "unwell"
    assert [reason["text"] for reason in found["reasons"]] == [
        "Members wait for slips (queue=images).",
        "1 dead letter waits for somebody to mend the cause and replay them.",
    ]
    assert found["reasons"][0]["href"] == "/alerts/7"


def test_what_is_only_for_the_record_changes_nothing() -> None:
    info = Firing(1, "info", "rule", "", "Something is worth knowing", False)

    assert of(firing=(info,))["level"] == "well"


@pytest.mark.parametrize(
    ("value", "broken", "state"),
    [
        (0.7, {"low-hit-ratio"}, "bad"),
        (0.7, {"slow-queries"}, "ok"),
        (0.1, set(), "ok"),
        (None, set(), "none"),
        (None, {"low-hit-ratio"}, "bad"),
    ],
)
def test_a_number_is_bad_where_its_own_rule_complains(
    value: float | None, broken: set[str], state: str
) -> None:
    (hit_rate,) = [each for each in TILES if each.id == "hit-rate"]

    assert hit_rate.state(Reading(value), broken) == state


def test_every_rule_of_a_number_is_shipped() -> None:
    shipped = {rule.name for rule in load_rules()}

    assert {name for tile in TILES for name in tile.rules} <= shipped


def test_ages_are_spoken_in_their_largest_unit() -> None:
    ages = [timedelta(seconds=42), timedelta(minutes=1), timedelta(hours=25), timedelta(days=3)]

    assert [spoken(age) for age in ages] == ["42 seconds", "1 minute", "1 day", "3 days"]
