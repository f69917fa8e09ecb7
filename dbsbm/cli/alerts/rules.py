"""`alerts rules` and `alerts check`: which rules are in force, and whether a file is right."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dbsbm.cli.output import say, say_json, table
from dbsbm.monitor.alerts.rule import Rule
from dbsbm.monitor.alerts.rulefile import load_rules


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
    return 0


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
