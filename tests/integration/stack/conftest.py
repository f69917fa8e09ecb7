"""Starts small stacks, and ends them whatever a test did."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers import ChildProcess, wait_until
from workers.stack.identity import Identity
from workers.stack.state import StackState

ROOT = Path(__file__).parents[3]

# Each appends to the journal what happens to it, so that a test can read the order.
JOURNAL = """
import os, pathlib, signal, sys, time
folder = pathlib.Path(sys.argv[1])
def note(text):
    with (folder / 'journal').open('a') as file:
        file.write(text + chr(10))
"""


def lives_until_told(name: str) -> str:
    """Code of a process that says when it starts, and when it is told to end."""
    return f"""{JOURNAL}
def end(*_):
    note('{name} ends')
    os._exit(0)
signal.signal(signal.SIGTERM, end)
note('{name} starts')
(folder / '{name}.ready').touch()
signal.pause()
"""


class SmallStack:
    """One supervisor in a process of its own."""

    def __init__(self, folder: Path, specs: list[dict[str, Any]]) -> None:
        self.folder = folder
        self.process = ChildProcess(
            [
                *(sys.executable, "-m", "tests.integration.stack.small_stack"),
                *(str(folder), json.dumps(specs)),
            ],
            cwd=ROOT,
            log=folder / "output.txt",
        )

    def journal(self) -> list[str]:
        """What the processes have noted."""
        file = self.folder / "journal"
        return file.read_text().splitlines() if file.exists() else []

    def wait_for(self, line: str, times: int = 1) -> None:
        """Wait until a line is in the journal so often."""
        wait_until(lambda: self.journal().count(line) >= times, 20, self.everything)

    def wait_until_up(self) -> None:
        """Wait until every process is ready."""
        wait_until(lambda: "all is up" in self.process.log(), 20, self.everything)

    def children(self) -> dict[str, Identity]:
        """The processes that the supervisor has written down."""
        known = StackState.read(self.folder)
        assert known is not None
        return known.processes

    def everything(self) -> str:
        """All that is known, for a failed assertion."""
        return f"{self.journal()}\n{self.process.log()}"


@pytest.fixture
def start_stack(tmp_path: Path) -> Iterator[Callable[..., SmallStack]]:
    """Start a stack of the given specs."""
    started: list[SmallStack] = []

    def start(*specs: dict[str, Any]) -> SmallStack:
        stack = SmallStack(tmp_path, list(specs))
        started.append(stack)
        stack.process.start()
        return stack

    yield start
    for stack in started:
        stack.process.kill()
