"""`optimizer apply | keep | revert | approve`: what a person decides about one finding."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from dbsbm.cli.optimizer.place import add_id, add_place, open_place, or_say_why_not
from dbsbm.cli.output import say
from dbsbm.optimizer.applying.applier import Applier, Outcome
from dbsbm.optimizer.applying.target import Target
from dbsbm.optimizer.unattended.auto import approve

Step = Callable[[Applier, str], Outcome]


def register(actions: Any) -> None:
    """Add the actions to the parser."""
    for name, step, text in (
        ("apply", _apply, "change the table as a finding says, online; what is to go is hidden"),
        ("keep", _keep, "end what `apply` began: what was hidden is dropped"),
        ("revert", _revert, "undo all that was done for a finding, byte for byte"),
    ):
        parser = actions.add_parser(name, help=text)
        add_id(parser)
        add_place(parser)
        parser.set_defaults(run=or_say_why_not(_doing(step)))
    parser = actions.add_parser(
        "approve", help="let `auto` change a table for a finding, however big the table is"
    )
    add_id(parser)
    add_place(parser)
    parser.set_defaults(run=or_say_why_not(_approve))


def _apply(applier: Applier, finding: str) -> Outcome:
    return applier.apply(finding, approved=True)  # the person who says so is the approval


def _keep(applier: Applier, finding: str) -> Outcome:
    return applier.finish(finding)


def _revert(applier: Applier, finding: str) -> Outcome:
    return applier.revert(finding)


def _doing(step: Step) -> Callable[[argparse.Namespace], int]:
    def run(arguments: argparse.Namespace) -> int:
        with open_place(arguments) as place, Target(place.address) as target:
            applier = Applier(place.database, target, name=place.name, actor=place.actor)
            outcome = step(applier, arguments.id)
        if outcome.statement:
            say(outcome.statement)
        say(outcome.said)
        return 0

    return run


def _approve(arguments: argparse.Namespace) -> int:
    with open_place(arguments) as place:
        row = approve(place.database, arguments.id, actor=place.actor)
    say(f"Approved: {row.rule} {row.object}, whatever the size of its table.")
    return 0
