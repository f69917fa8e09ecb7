"""`optimizer auto`: one round of the optimizer at work by itself."""

from __future__ import annotations

import argparse

from dbsbm.cli.optimizer.place import add_place, open_place, or_say_why_not
from dbsbm.cli.output import say, say_json
from dbsbm.optimizer.finding import short_id
from dbsbm.optimizer.unattended.auto import DAILY_CHANGES, Round, work


def fill(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.description = (
        "One round: settles what was interrupted, keeps or takes back what was watched, tries "
        "findings about indexes on copies, and applies those that are proved and risk little, at "
        f"most {DAILY_CHANGES} a day."
    )
    parser.add_argument("--dry-run", action="store_true", help="only say what would be tried")
    parser.add_argument("--json", action="store_true", help="for programs")
    add_place(parser)
    parser.set_defaults(run=or_say_why_not(_auto))


def _auto(arguments: argparse.Namespace) -> int:
    with open_place(arguments) as place:
        done = work(place.database, place.address, name=place.name, dry=arguments.dry_run)
    if arguments.json:
        say_json(done.to_dict())
    else:
        _tell(done)
    return 0


def _tell(done: Round) -> None:
    for outcome in done.done:
        say(f"{short_id(outcome.finding)}  {outcome.said} {outcome.statement}".rstrip())
    for finding in done.would:
        say(f"{short_id(finding)}  Would be tried on a copy, and applied if that proves it.")
    for finding, reason in done.left.items():
        say(f"{short_id(finding)}  Left alone: {reason}")
    if not (done.done or done.would or done.left):
        say("There is nothing to do.")
