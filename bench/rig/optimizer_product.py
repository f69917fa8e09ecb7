"""The optimizer as an operator runs it: a command, a URL and a JSON document."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.harness import progress

_ROOT = Path(__file__).parents[2]
_OURS = ("DATABASE_URL", "CACHE_URL", "BROKER_URL", "DISCORD_TOKEN")
TIMEOUT = 300
"""Seconds until an analysis is given up."""


@dataclass(frozen=True)
class Report:
    """What an analysis said.

    Attributes:
        findings: As it printed them; none where it failed.
        problem: What it printed where it failed, empty where it did not.
        seconds: How long the whole command took.
    """

    findings: list[Mapping[str, Any]] = field(default_factory=list)
    not_enabled: list[str] = field(default_factory=list)
    problem: str = ""
    seconds: float = 0.0


def analyse(url: str, environment: Mapping[str, str]) -> Report:
    """Run `python -m dbsbm optimizer analyse` against a server; a failure is an empty report."""
    command = [
        sys.executable,
        "-m",
        "dbsbm",
        "optimizer",
        "analyse",
        "--database-url",
        url,
        "--json",
    ]
    inherited = {name: value for name, value in os.environ.items() if name not in _OURS}
    started = time.monotonic()
    try:
        done = subprocess.run(
            command,
            cwd=_ROOT,
            env={**inherited, **environment},
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return _failed(f"it took over {TIMEOUT} s", started)
    if done.returncode != 0:
        return _failed((done.stderr.strip() or f"exit code {done.returncode}")[-300:], started)
    try:
        said = json.loads(done.stdout)
    except ValueError:
        return _failed(f"it printed no JSON: {done.stdout[:100]!r}", started)
    seconds = time.monotonic() - started
    return Report(said.get("findings", []), said.get("not_enabled", []), "", seconds)


def _failed(problem: str, started: float) -> Report:
    progress(f"the optimizer's analysis failed: {problem}")
    return Report(problem=problem, seconds=time.monotonic() - started)
