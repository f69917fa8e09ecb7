"""`./dev check`: everything that can be said about the code without running it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from devtools.paths import ROOT

# What each check is called -> how it is run, after `python`.
CHECKS = {
    "format": ["-m", "ruff", "format", "--check", "."],
    "lint": ["-m", "ruff", "check", "."],
    "types": ["-m", "mypy"],
    "imports": [
        *("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"),
    ],
    "docs": ["-m", "devtools.docs"],
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a check went.

    Attributes:
        name: The check.
        passed: Whether it found nothing.
        seconds: How long it took.
        output: What it printed.
    """

    name: str
    passed: bool
    seconds: float
    output: str

    def line(self) -> str:
        """One line for a person."""
        return f"{self.name:<10}{'ok' if self.passed else 'FAILED':<8}{self.seconds:5.1f} s"


def main(arguments: list[str]) -> int:
    """Run all checks, or those named, side by side; 1 where any failed."""
    unknown = [name for name in arguments if name not in CHECKS]
    if unknown:
        print(f"There is no check {unknown[0]!r}: choose from {', '.join(CHECKS)}.")
        return 2
    outcomes = run_all({name: CHECKS[name] for name in arguments or CHECKS})
    return 0 if all(outcome.passed for outcome in outcomes) else 1


def run_all(
    checks: dict[str, list[str]], report: Callable[[Outcome], None] | None = None
) -> list[Outcome]:
    """Run checks, as many at once as there are cores, and report each in the table's order."""
    report = report or _print
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        outcomes = []
        for outcome in pool.map(_run, checks, checks.values()):
            report(outcome)
            outcomes.append(outcome)
    return outcomes


def _run(name: str, arguments: list[str]) -> Outcome:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Outcome(name, done.returncode == 0, time.monotonic() - began, done.stdout)


def _print(outcome: Outcome) -> None:
    print(outcome.line(), flush=True)
    if not outcome.passed:
        print(outcome.output.rstrip(), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
