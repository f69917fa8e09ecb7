"""Commands run inside a container beside its main process (`docker exec`)."""

from __future__ import annotations

import shlex
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tests.engine.programs import REDIS_PORT, local_command

_NAMESPACE = Path(__file__).parent / "namespace"


class ExecResult(NamedTuple):
    """What a command came to: its exit code and what it printed."""

    exit_code: int
    output: bytes


def run_inside(
    command: str | list[str], *, main_process: int, directory: Path, environment: Mapping[str, str]
) -> ExecResult:
    """Run a command with a container's environment and wait for its end.

    Args:
        command: The command line.
        main_process: The container's own process, whose tree is all that psutil shows.
        directory: Where it runs.
        environment: The container's environment.
    """
    argv = shlex.split(command) if isinstance(command, str) else command
    path = ":".join(filter(None, [str(_NAMESPACE), environment.get("PYTHONPATH", "")]))
    done = subprocess.run(
        local_command(argv, "", 0, directory),
        cwd=directory,
        env={**environment, "PYTHONPATH": path, "LOCAL_ENGINE_MAIN_PROCESS": str(main_process)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
        check=False,
    )
    return ExecResult(done.returncode, done.stdout)


def is_socket_table(command: str | list[str]) -> bool:
    """Tell whether the command prints the kernel's table of sockets.

    pytest-docker-tools reads it to see whether a container listens. Here the table would list
    the whole machine, and the server under its loopback port.
    """
    return isinstance(command, str) and command.startswith("cat /proc/net/")


def socket_table(command: str | list[str], port: int | None) -> ExecResult:
    """Return the container's table of TCP sockets: port 6379 once the server accepts."""
    listens = "tcp" in command and port is not None and _accepts(port)
    line = f"0: 00000000:{REDIS_PORT:04X} 00000000:0000 0A\n" if listens else ""
    return ExecResult(0, line.encode())


def _accepts(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
