"""Runs `python -m bench.rig.NAME ARGUMENTS` in a process of its own, which answers in JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any


class ChildFailedError(Exception):
    """A measuring process failed; the text is what it said."""


def ask(module: str, *arguments: object, env: Mapping[str, str] | None = None) -> Any:
    """Run a module of the rig and return what it printed.

    Raises:
        ChildFailedError: It failed.
    """
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", f"bench.rig.{module}", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **(env or {})},
    )
    if done.returncode:
        raise ChildFailedError(done.stderr[-2000:])
    return json.loads(done.stdout)


def in_fork(work: Any) -> Any:
    """Call `work` in a forked child and return its answer, as a prefork worker would run it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.write(writing, json.dumps(work()).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    if os.waitpid(child, 0)[1]:
        raise ChildFailedError("the forked child failed")
    return json.loads(text)
