"""`profile`: what a process of the fleet spends its time on, or its memory."""

from __future__ import annotations

import argparse
from pathlib import Path

from dbsbm.cli.output import say, table
from dbsbm.cli.profile import memory, spy
from dbsbm.cli.profile.processes import FleetProcess, find, running
from dbsbm.errors import ConfigError
from dbsbm.settings import PROJECT_ROOT, load_settings

LONGEST_SECONDS = 600


def fill(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument(
        "process",
        metavar="PROCESS",
        help="its role such as worker.images, bot or beat, or its number; `list` lists them",
    )
    parser.add_argument("--seconds", type=_seconds, default=10.0, help="how long to look")
    parser.add_argument("--output", type=Path, metavar="FILE", help="where to write it all")
    parser.add_argument(
        "--memory", action="store_true", help="what its memory grew by, instead of its time"
    )
    parser.set_defaults(run=_run)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 1 <= seconds <= LONGEST_SECONDS:
        raise argparse.ArgumentTypeError(f"must be from 1 to {LONGEST_SECONDS}")
    return seconds


def _run(arguments: argparse.Namespace) -> int:
    processes = running(PROJECT_ROOT)
    if arguments.process == "list":
        say(_listed(processes))
        return 0
    process = find(processes, arguments.process)
    settings = load_settings()
    look = memory.look if arguments.memory else spy.look
    ending = "memory.json" if arguments.memory else "speedscope.json"
    output = arguments.output or settings.data_dir / "profiles" / f"{process.name}.{ending}"
    _make_room(output)
    say(look(process, arguments.seconds, output, settings))
    return 0


def _listed(processes: list[FleetProcess]) -> str:
    if not processes:
        return "No process of the fleet runs here."
    rows = ((each.role, each.pid, each.parent or "-") for each in processes)
    return table(("process", "pid", "child of"), rows)


def _make_room(output: Path) -> None:
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.touch()
    except OSError as error:
        raise ConfigError(
            f"{output} cannot be written ({error.strerror}): give another place with --output."
        ) from None
