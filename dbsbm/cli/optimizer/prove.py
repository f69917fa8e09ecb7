"""`optimizer prove`: tries a finding on copies of its tables, with the statements seen."""

from __future__ import annotations

import argparse
from typing import Final

from dbsbm.cli.optimizer.place import add_id, add_place, open_place, or_say_why_not
from dbsbm.cli.optimizer.text import proof_lines
from dbsbm.cli.output import say, say_json
from dbsbm.errors import UserError
from dbsbm.optimizer import ledger
from dbsbm.optimizer.proof.bench import Bench
from dbsbm.optimizer.proof.judging import Verdict
from dbsbm.optimizer.unattended.proving import prove_finding, read_load

EXITS: Final[dict[Verdict, int]] = {"proved": 0, "not proved": 3, "needs a person": 4}
"""Exit codes by what came out, for scripts; 2 is that of a command that was typed wrongly."""


def fill(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.description = (
        "Copies the tables of a finding into a schema of its own on the same server, replays the "
        "statements seen before and after the change, and drops the copies. Exit code 0 where the "
        f"change is proved, {EXITS['not proved']} where it is not, {EXITS['needs a person']} where "
        "a person has to judge, and 1 where it cannot be tried."
    )
    add_id(parser)
    add_place(parser)
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(run=or_say_why_not(_prove))


def _prove(arguments: argparse.Namespace) -> int:
    with open_place(arguments) as place:
        with place.database.read() as session:
            finding = ledger.find(session, arguments.id)
        if finding.target != place.name:
            where = finding.target or "the fleet's own database"
            raise UserError(f"This finding is about {where}: give its address.")
        case = read_load(place.address)
        with Bench(place.address) as bench:
            proof = prove_finding(place.database, bench, case, finding, actor=place.actor)
    if arguments.json:
        say_json(proof)
    else:
        say("\n".join(proof_lines(proof)))
    return EXITS[proof["verdict"]]
