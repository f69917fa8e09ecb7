"""Readings that are taken in together are judged as if they had come one after the other."""

from __future__ import annotations

import random

import pytest

from dbsbm.monitor.alerts.forms import judge_of
from dbsbm.monitor.alerts.rule import Rule
from dbsbm.monitor.alerts.rulefile import load_rules
from dbsbm.monitor.alerts.track import Reading

MINUTE = 60.0


def some_readings(rule: Rule, dice: random.Random) -> list[Reading]:
    """Minutes of a day around the threshold, a few late, twice told, or of no measurements."""
    found = []
    for minute in range(dice.randrange(1500)):
        at = minute * MINUTE - dice.choice((0.0,) * 9 + (150.0,)) * dice.choice((0, 0, 0, 1))
        count = dice.choice((None, 0.0, 1.0, 7.0, 300.0)) if rule.min_samples else None
        found.append(Reading(at, rule.threshold * dice.uniform(0.5, 1.6), count))
    return found


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule.name)
def test_it_makes_no_difference_how_readings_are_taken_in(rule: Rule) -> None:
    for seed in range(6):
        dice = random.Random(f"{rule.name}{seed}")
        readings = some_readings(rule, dice)
        together, alone = judge_of(rule), judge_of(rule)
        for reading in readings:
            alone.add(reading)
        while readings:
            number = dice.choice((1, 3, 20, 400))
            together.add_all(readings[:number])
            readings = readings[number:]
        assert vars(together.track) == vars(alone.track)
        for now in (600.0, 40_000.0, 90_000.0):
            for firing_since in (None, now - 500):
                verdicts = [
                    each.judge(now, firing_since=firing_since, calm_since=0.0)
                    for each in (together, alone)
                ]
                assert verdicts[0] == verdicts[1]
