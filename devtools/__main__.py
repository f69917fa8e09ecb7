"""`./dev COMMAND`: the commands, what each needs, and what it runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from devtools import environment
from devtools.errors import DevError
from devtools.paths import ROOT, VENV, python_of

Run = Callable[[list[str]], int]


# Each has servers and fleets of its own.
_TEST_PROCESSES = 4


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    Attributes:
        help: Pairs of a way to call it and what that does.
        run: Does it; gets the arguments and returns the exit code.
    """

    help: tuple[tuple[str, str], ...]
    run: Run


def _module(name: str, *first: str, lock: str = environment.BASE) -> Run:
    """A command that is a module, run in an environment made from `lock`."""

    def run(arguments: list[str]) -> int:
        _become(environment.ensure(lock), "-m", name, *first, *arguments)

    return run


def _running_stack(command: str) -> Run:
    """A command that concerns a running fleet: where there is no environment, nothing runs."""

    def run(arguments: list[str]) -> int:
        if not python_of(VENV).exists():
            print("Nothing is running: start it with ./dev up.")
            return 0
        _become(python_of(VENV), "-m", "workers.stack", command, *arguments)

    return run


def _become(python: Path, *arguments: str) -> NoReturn:
    """Run in place of this process: Ctrl-C and the exit code are then the module's own."""
    sys.stdout.flush()
    os.execv(python, [str(python), *arguments])


def _test(arguments: list[str]) -> int:
    """The whole suite on several processors; a part of it, which arguments choose, on one."""
    processes = min(os.cpu_count() or 1, _TEST_PROCESSES)
    whole = () if arguments else ("-n", str(processes), "--dist", "loadfile")
    return _module("pytest", *whole, lock=environment.DEV)(arguments)


def _lock(arguments: list[str]) -> int:
    from devtools import lock

    return lock.main(arguments)


COMMANDS = {
    "up": Command(
        (
            ("up", "start everything on this machine; Ctrl-C stops it"),
            ("up --once [--json]", "prove with a fleet of its own that all of it works"),
        ),
        _module("workers.stack", "up"),
    ),
    "down": Command((("down", "stop what `up` started"),), _running_stack("down")),
    "logs": Command(
        (("logs [PROCESS] [-f]", "show what the processes wrote; -f goes on"),),
        _running_stack("logs"),
    ),
    "admin": Command(
        (("admin COMMAND", "the operator's commands, on the fleet of `up`; `admin --help`"),),
        _module("workers.stack.admin"),
    ),
    "test": Command(
        (("test [ARGS]", "run all tests in parallel; or what the arguments, to pytest, say"),),
        _test,
    ),
    "check": Command(
        (("check [NAME ...]", "check format, lint, types, imports, docs"),),
        _module("devtools.check", lock=environment.DEV),
    ),
    "bench": Command(
        (("bench NAME [--quick] [--json]", "measure what is promised about speed"),),
        _module("bench"),
    ),
    "lock": Command(
        (("lock [--upgrade]", "resolve the dependencies again into requirements/"),),
        _lock,
    ),
}


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    name, rest = (arguments[0], arguments[1:]) if arguments else ("help", [])
    if name in {"help", "-h", "--help"}:
        print(_help())
        return 0
    if name not in COMMANDS:
        print(f"There is no command {name!r}: `./dev help` lists those there are.", file=sys.stderr)
        return 2
    os.chdir(ROOT)
    try:
        return COMMANDS[name].run(rest)
    except DevError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. The same command goes on from here.", file=sys.stderr)
        return 130


def _help() -> str:
    pairs = [pair for command in COMMANDS.values() for pair in command.help]
    width = max(len(usage) for usage, _ in pairs) + 2
    lines = [f"  {usage:<{width}}{text}" for usage, text in pairs]
    head = "DBSBM manages sports bets on Discord. Usage: ./dev COMMAND"
    foot = (
        "DBSBM_PYTHON chooses the interpreter. Settings come from the environment and from .env;\n"
        "docs/settings.md lists them."
    )
    return "\n".join([head, "", *lines, "", foot])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
