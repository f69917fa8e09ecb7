"""Where a process's time goes, by py-spy: it reads stacks from outside and changes nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
import sysconfig
from collections import Counter
from pathlib import Path
from typing import Any

import psutil

from dbsbm.cli.output import spell_share, table
from dbsbm.cli.profile.paths import short
from dbsbm.cli.profile.processes import FleetProcess
from dbsbm.errors import ConfigError, TransientError
from dbsbm.settings import Settings

MOST_FUNCTIONS = 10
_STARTING_SECONDS = 30
_ERROR = "Error: "

FORBIDDEN = (
    "This user may not look into process {pid}: run the command as root, or in a container with "
    "`cap_add: [SYS_PTRACE]` (see docs/operators.md)."
)


def look(process: FleetProcess, seconds: float, output: Path, _settings: Settings) -> str:
    """Sample a process and its children, a hundred times a second.

    Args:
        process: Whose time.
        seconds: For how long.
        output: Where the stacks go, as speedscope reads them.

    Returns:
        The functions that took most time, as a table.

    Raises:
        ConfigError: This user may not look into that process, or py-spy is missing.
        TransientError: It ended meanwhile, or could not be read.
    """
    command = [
        *(_py_spy(), "record", "--pid", str(process.pid), "--subprocesses"),
        *("--duration", str(round(seconds)), "--format", "speedscope"),
        *("--output", str(output)),
    ]
    done = subprocess.run(  # noqa: S603 - no shell, and every argument is ours
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds + _STARTING_SECONDS,
    )
    if done.returncode:
        output.unlink(missing_ok=True)
        raise _refusal(process, done.stderr)
    return _told(process, seconds, output)


def _py_spy() -> str:
    beside = Path(sysconfig.get_path("scripts")) / "py-spy"
    found = str(beside) if beside.exists() else shutil.which("py-spy")
    if found is None:
        raise ConfigError("py-spy is missing: install the packages of requirements/base.txt.")
    return found


def _refusal(process: FleetProcess, said: str) -> Exception:
    is_refused = "ermission" in said or "not permitted" in said
    # Of a process and its children py-spy only says that it could read none of them.
    if is_refused or ("No python processes" in said and psutil.pid_exists(process.pid)):
        return ConfigError(FORBIDDEN.format(pid=process.pid))
    errors = (line for line in said.splitlines() if line.startswith(_ERROR))
    reason = next(errors, "py-spy said nothing").removeprefix(_ERROR)
    return TransientError(f"{process.role} ({process.pid}) could not be sampled: {reason}.")


def _told(process: FleetProcess, seconds: float, output: Path) -> str:
    top = top_functions(json.loads(output.read_text()))
    if not top:
        output.unlink(missing_ok=True)
        return f"{process.role} ({process.pid}) did nothing for {seconds:g} s."
    rows = ((function, spell_share(share)) for function, share in top)
    return "\n".join(
        (
            f"{process.role} ({process.pid}), {seconds:g} s; share of the time it worked:",
            table(("function", "itself"), rows),
            f"All of it: {output} (open it at https://www.speedscope.app, which stays local).",
        )
    )


def top_functions(profile: Any) -> list[tuple[str, float]]:
    """The functions in which a speedscope profile was found most often, with their shares.

    Counted is where a thread was itself, not what it had called.
    """
    frames = profile["shared"]["frames"]
    found: Counter[str] = Counter()
    for each in profile["profiles"]:
        for stack, weight in zip(each["samples"], each["weights"], strict=True):
            if stack:
                found[_function(frames[stack[-1]])] += weight
    total = sum(found.values())
    return [(name, weight / total) for name, weight in found.most_common(MOST_FUNCTIONS)]


def _function(frame: dict[str, Any]) -> str:
    return f"{frame['name']} ({short(frame.get('file') or '?')})"
