"""`optimizer pool`: how many connections a process should have, measured."""

from __future__ import annotations

import argparse
from datetime import timedelta

from dbsbm.cli.optimizer.place import add_server, or_say_why_not, read_server
from dbsbm.cli.output import say, say_json, table
from dbsbm.errors import UserError
from dbsbm.optimizer.server.connection import Connection
from dbsbm.optimizer.server.snapshot import read_case
from dbsbm.optimizer.sizing.knee import PROBES, find_knee
from dbsbm.optimizer.sizing.probe import Probe, room, statements_seen
from dbsbm.settings import load_settings

_SINCE = timedelta(days=1)
_MOST = 24


def fill(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.description = (
        "Run the statements of the last day that took the most time, as SELECT, over one "
        "connection, over many, and over as many as seem right. The server works as hard as it can "
        "meanwhile."
    )
    add_server(parser, "default: the fleet's own")
    parser.add_argument(
        "--most", type=int, default=_MOST, metavar="N", help=f"largest pool to try ({_MOST})"
    )
    parser.add_argument(
        "--seconds", type=float, default=5.0, metavar="S", help="to measure each size for (5)"
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(run=or_say_why_not(_run))


def _run(arguments: argparse.Namespace) -> int:
    if not 3 <= arguments.most <= 1000:
        raise UserError("--most must be from 3 to 1000: there is nothing to choose from otherwise.")
    if not 0.1 <= arguments.seconds <= 600:
        raise UserError("--seconds must be from 0.1 to 600.")
    foreign = read_server(arguments)
    address = foreign or load_settings().database
    if address.get_secret_value().startswith("sqlite"):
        raise UserError(
            "SQLite has one writer, whatever the pool: name a MySQL or MariaDB server with "
            "--database-url."
        )
    with Connection(address) as server:
        statements = statements_seen(read_case(server, since=_SINCE))
        largest = room(server, arguments.most)
    probe = Probe(address, statements, seconds=arguments.seconds)
    found = find_knee(probe.throughput, largest=largest)
    if arguments.json:
        say_json(
            {
                "size": found.size,
                "largest": largest,
                "statements_a_second": {str(size): rate for size, rate in found.measured.items()},
                "kinds": len(statements),
            }
        )
        return 0
    rows = [(size, f"{rate:,.0f}") for size, rate in sorted(found.measured.items())]
    say(table(("connections", "statements a second"), rows))
    say(
        f"{found.size} connections do 95 % of what any number up to {largest} does, by "
        f"{PROBES} measurements of {len(statements)} kinds of statements."
    )
    if foreign is None:
        size = load_settings().db_pool_size
        say(f"Set DB_POOL_SIZE={found.size} for each process; it is {size} now.")
    return 0
