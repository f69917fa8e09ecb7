"""How a worker of a benchmark waits for the others, and tells what it measured.

Plain Python: peers import it in environments of their own.
"""

from __future__ import annotations

import json
import sys


def wait() -> None:
    """Say that this process is ready, and wait until all are told to begin."""
    print("ready", flush=True)
    sys.stdin.readline()


def report(**measured: object) -> None:
    """Print what was measured, as the last line."""
    print(json.dumps(measured), flush=True)
