"""`alerts rules` and `alerts check`: which rules are in force, and whether a file is right."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from dbsbm.cli.output import say, say_json, table
from dbsbm.monitor.alerts.rule import Rule
from dbsbm.monitor.alerts.rulefile import load_rules
from dbsbm.monitor.catalogue import METRICS


def register(actions: Any) -> None:
    """Add the actions to the parser."""
    rules = actions.add_parser("rules", help="the rules, with those of a file where one is given")
    rules.add_argument("--rules", type=Path, metavar="FILE", help="rules to add or to change")
    rules.add_argument("--json", action="store_true", help="for programs")
    rules.set_defaults(run=_list)
    check = actions.add_parser("check", help="say whether a file of rules is right")
    check.add_argument("file", type=Path)
    check.set_defaults(run=_check)


def _list(arguments: argparse.Namespace) -> int:
    rules = load_rules(arguments.rules)
    if arguments.json:
        say_json({"rules": [asdict(rule) for rule in rules]})
        return 0
    headings = ("rule", "severity", "form", "metric", "limit", "state")
    say(table(headings, [_cells(rule) for rule in rules]))
    return 0


def _check(arguments: argparse.Namespace) -> int:
    rules = load_rules(arguments.file)
    say(f"{arguments.file} is right; with it {sum(rule.enabled for rule in rules)} rules are on.")
    for rule in rules:
        for doubt in _doubts(rule):
            say(f"But {rule.name}: {doubt}")
    return 0


def _doubts(rule: Rule) -> Iterator[str]:
    """What makes a rule watch nothing while the fleet measures what it does."""
    signal = rule.signal
    for name in (signal.metric, *signal.total):
        if name not in METRICS:
            near = get_close_matches(name, METRICS, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            yield f"no process measures {name}; the rule can only judge recordings.{hint}"
    if signal.metric in METRICS:
        labels = METRICS[signal.metric].labels
        for label in {*signal.where, *signal.by}.difference(labels):
            has = ", ".join(labels) or "no labels"
            yield f"{signal.metric} has no label {label}; it has {has}."


def _cells(rule: Rule) -> tuple[str, ...]:
    side = ">" if rule.is_above else "<"
    return (
        rule.name,
        rule.severity,
        rule.form,
        rule.signal.metric,
        f"{side} {rule.threshold:g} {rule.unit}".strip(),
        "on" if rule.enabled else "off",
    )
