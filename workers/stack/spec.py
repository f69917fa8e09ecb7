"""What a supervisor needs to know of a process."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

Probe = Callable[[], Awaitable[bool]]
"""Asks once whether something holds; never raises, and answers within about a second."""

EXIT_CONFIG = 2
"""Exit code of a process that refuses to start because a setting is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staleness:
    """A sign of life whose absence means: alive, and doing nothing.

    Attributes:
        file: Touched by the process again and again.
        after: Seconds without a touch that are too many.
        unless_down: What the process needs in order to live; while it fails, silence is no fault.
    """

    file: Path
    after: float
    unless_down: Probe | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSpec:
    """One process, and how to tell that it is well.

    Attributes:
        name: Unique; also the name of its log.
        argv: The command.
        env: Its whole environment, secrets included.
        cwd: Where it runs.
        stdin: Handed to it at its start: the way for secrets that must not be seen in `ps`.
        after: Names of the processes that must be ready before this one starts.
        forgotten_by: Names of processes that know nothing of this one once they start anew, so
            that it must start anew, too.
        one_shot: It does its work and ends; ready means exit code 0.
        ready: Holds once the process does its work; None: as soon as it runs.
        ready_within: Seconds after which a process that is not ready is started anew.
        stale: How to find it alive but idle; None: it cannot be.
        stop_stage: Stages end one after another, the highest first.
        stop_signal: Asks it to end.
        stop_within: Seconds it may take to end, before it is killed.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    cwd: Path
    stdin: str | None = field(default=None, repr=False)
    after: tuple[str, ...] = ()
    forgotten_by: tuple[str, ...] = ()
    one_shot: bool = False
    ready: Probe | None = None
    ready_within: float = 60.0
    stale: Staleness | None = None
    stop_stage: int = 0
    stop_signal: signal.Signals = signal.SIGTERM
    stop_within: float = 5.0
