"""`alerts replay`: the incidents that rules would have raised over a recording."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dbsbm.cli.output import say, say_json, table
from dbsbm.monitor.alerts.recording import read_recording
from dbsbm.monitor.alerts.replay import Replay, Replayed, replay
from dbsbm.monitor.alerts.rulefile import load_rules


def register(actions: Any) -> None:
    """Add the action to the parser."""
    parser = actions.add_parser(
        "replay",
        help="run rules over a recording",
        description="List the incidents that rules would have raised over a recording: CSV with "
        "the header timestamp,series,value,count, in Unix seconds. Needs no database and no "
        "settings.",
    )
    parser.add_argument("--series", type=Path, required=True, metavar="FILE", help="the recording")
    parser.add_argument(
        "--rules", type=Path, metavar="FILE", help="rules to add to the shipped ones, or to change"
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    rules = load_rules(arguments.rules)
    found = replay(rules, read_recording(arguments.series))
    if arguments.json:
        say_json({"incidents": [incident.as_json() for incident in found.incidents]})
        for line in _left_out(found):
            print(line, file=sys.stderr)  # noqa: T201 - beside what programs read
    else:
        _tell(found)
    return 0


def _tell(found: Replay) -> None:
    if found.incidents:
        headings = ("rule", "series", "started", "resolved", "worst", "messages")
        say(table(headings, [_cells(incident) for incident in found.incidents]))
    else:
        say("No incidents.")
    say(f"{found.rows} rows were read.")
    for line in _left_out(found):
        say(line)
    for series in found.unused:
        say(f"No rule looks at the series {series}.")


def _left_out(found: Replay) -> list[str]:
    return [
        f"{rows} rows of {found.rows} were left out: {reason}."
        for reason, rows in sorted(found.refused.items())
    ]


def _cells(incident: Replayed) -> tuple[str, ...]:
    worst = "-" if incident.worst is None else f"{incident.worst:.4g}"
    return (
        incident.rule,
        incident.series,
        _moment(incident.started),
        "still firing" if incident.resolved is None else _moment(incident.resolved),
        worst,
        str(incident.messages),
    )


def _moment(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}"
