"""`optimizer apply | keep | revert | approve`: what a person decides about one finding."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from dbsbm.cli.optimizer.place import add_id, add_place, open_place, or_say_why_not
from dbsbm.cli.output import say
from dbsbm.optimizer.applying.applier import Applier, Outcome
from dbsbm.optimizer.applying.target import Target
from dbsbm.optimizer.unattended.auto import approve

Step = Callable[[Applier, str], Outcome]


def fill_apply(parser: argparse.ArgumentParser) -> None:
    """Add what `apply` takes."""
    _fill(parser, _doing(_apply))


def fill_keep(parser: argparse.ArgumentParser) -> None:
    """Add what `keep` takes."""
    _fill(parser, _doing(_keep))


def fill_revert(parser: argparse.ArgumentParser) -> None:
    """Add what `revert` takes."""
    _fill(parser, _doing(_revert))


def fill_approve(parser: argparse.ArgumentParser) -> None:
    """Add what `approve` takes."""
    _fill(parser, _approve)


def _fill(parser: argparse.ArgumentParser, run: Callable[[argparse.Namespace], int]) -> None:
    add_id(parser)
    add_place(parser)
    parser.set_defaults(run=or_say_why_not(run))


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
        if outcome.state == "applied":
            say(
                f"If it helps, optimizer keep {arguments.id}; else optimizer revert {arguments.id}."
            )
        return 0

    return run


def _approve(arguments: argparse.Namespace) -> int:
    with open_place(arguments) as place:
        row = approve(place.database, arguments.id, actor=place.actor)
    say(f"Approved: {row.rule} {row.object}, whatever the size of its table.")
    return 0
