"""How long to wait before a process that ended is started again."""

from __future__ import annotations

FIRST = 0.5
MOST = 30.0
# What cannot live fails within seconds. A process that lived longer did its work, and whatever
# ended it should not keep the next one waiting: two beats that die in turn leave no gap.
FORGIVEN_AFTER = 15.0


class Backoff:
    """Doubles from FIRST to MOST seconds, and begins anew once a process has lived long enough."""

    def __init__(self) -> None:
        self._failures = 0

    def pause_after(self, lived: float) -> float:
        """Seconds to wait after a life of `lived` seconds."""
        if lived >= FORGIVEN_AFTER:
            self._failures = 0
        pause = min(MOST, FIRST * 2.0 ** min(self._failures, 16))
        self._failures += 1
        return pause
