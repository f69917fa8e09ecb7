"""Ends what a supervisor left behind that could not end it itself."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterable

from workers.stack.identity import Identity

PATIENCE = 5.0


def end(processes: Iterable[Identity], patience: float = PATIENCE) -> int:
    """Ask each process to end, and kill it with its children when it takes too long.

    Args:
        processes: Those that may have been left, in the order in which they were started.
        patience: Seconds that all of them have together.

    Returns:
        How many there were.
    """
    left = [each for each in processes if each.is_alive()]
    for each in reversed(left):
        each.signal(signal.SIGTERM)
    deadline = time.monotonic() + patience
    while any(each.is_alive() for each in left) and time.monotonic() < deadline:
        time.sleep(0.02)
    for each in left:
        each.signal_group(signal.SIGKILL)
    return len(left)
