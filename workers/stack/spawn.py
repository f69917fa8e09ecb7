"""Starts a process that cannot outlive the one that started it."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import IO

from workers.stack.spec import ProcessSpec

_PR_SET_PDEATHSIG = 1
# Loaded here: between fork and exec nothing may be imported or looked up.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def spawn(spec: ProcessSpec, output: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own, where Ctrl-C at the terminal does not reach it.

    Its end with ours is Linux's doing. Elsewhere a supervisor that is killed leaves its processes
    to the next one, which ends them first.

    Raises:
        OSError: The command cannot be run.
    """
    child = subprocess.Popen(  # noqa: S603 - our own commands
        spec.argv,
        cwd=spec.cwd,
        env=dict(spec.env),
        stdin=subprocess.DEVNULL if spec.stdin is None else subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_end_with_parent(os.getpid()),  # noqa: PLW1509 - calls one function of libc
    )
    if child.stdin is not None:
        _hand_over(child.stdin, spec.stdin or "")
    return child


def _hand_over(stdin: IO[bytes], text: str) -> None:
    try:
        stdin.write(text.encode())
        stdin.close()
    except BrokenPipeError:
        pass  # it has ended already, and its log says why


def _end_with_parent(parent: int) -> Callable[[], None]:
    def before_exec() -> None:
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:  # it has ended in between
                os._exit(1)

    return before_exec
