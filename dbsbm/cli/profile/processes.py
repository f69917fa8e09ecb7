"""The fleet's processes on this machine, found without asking any of them: one may be stuck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from dbsbm.errors import ConfigError


@dataclass(frozen=True, slots=True)
class FleetProcess:
    """A process of the fleet.

    Attributes:
        role: Such as `worker.images`, the same for a worker's children.
        pid: Its number.
        parent: Number of the worker whose child it is; None for a main process.
    """

    role: str
    pid: int
    parent: int | None

    @property
    def name(self) -> str:
        """Role and number, as part of a file's name."""
        return f"{self.role}-{self.pid}"


def running(root: Path) -> list[FleetProcess]:
    """The fleet's processes that run from `root`, by role, each worker before its children."""
    roles = {
        process.pid: (role, process.ppid())
        for process in psutil.process_iter()
        if (role := _role_of(process, root)) is not None
    }
    found = [
        FleetProcess(role, pid, parent if roles.get(parent, ("", 0))[0] == role else None)
        for pid, (role, parent) in roles.items()
    ]
    return sorted(found, key=lambda each: (each.role, each.parent or each.pid, each.pid))


def find(processes: Sequence[FleetProcess], wanted: str) -> FleetProcess:
    """The process that is meant by a role or a number.

    Raises:
        ConfigError: There is none, or the role has several; the text lists what there is.
    """
    if wanted.isdecimal():
        matches = [each for each in processes if each.pid == int(wanted)]
    else:
        matches = [each for each in processes if each.role == wanted and each.parent is None]
    if len(matches) == 1:
        return matches[0]
    if matches:
        numbers = ", ".join(str(each.pid) for each in matches)
        raise ConfigError(f"There are several {wanted}: choose one by its number ({numbers}).")
    known = ", ".join(sorted({each.role for each in processes}))
    raise ConfigError(
        f"No process of the fleet here is called {wanted!r}; "
        + (f"there are: {known}." if known else "none runs on this machine.")
    )


def _role_of(process: psutil.Process, root: Path) -> str | None:
    """A process's role, None where it is none of ours."""
    try:
        role = role_of(process.cmdline())
        return role if role is not None and _is_in(process, root) else None
    except psutil.Error:  # it ended just now, or is a stranger's
        return None


def _is_in(process: psutil.Process, root: Path) -> bool:
    try:
        return Path(process.cwd()) == root
    except psutil.AccessDenied:  # another user's: looking into it says what to do
        return True


def role_of(command: Sequence[str]) -> str | None:
    """The role that a command line starts, such as `worker.images`; None where it starts none."""
    match command:
        case [_, "-m", "bot", *_]:
            return "bot"
        case [_, "-m", "workers", "worker", profile, *options]:
            return f"worker.{_name(options) or profile}"
        case [_, "-m", "workers", ("beat" | "flower" | "dashboard") as role, *_]:
            return role
        case [_, "-m", "dbsbm", "dashboard", *_]:
            return "dashboard"
    return None


def _name(options: Sequence[str]) -> str | None:
    for number, option in enumerate(options):
        if option == "--name":
            return next(iter(options[number + 1 :]), None)
        if option.startswith("--name="):
            return option.removeprefix("--name=")
    return None
