"""When a message was sent, so that whoever takes it knows how long it waited.

Clocks of two hosts differ, so every stamp is by the broker's: each process that counts learns how
far its own is from that (`dbsbm.monitor.counting.clock`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SENT_AT = "sent_at"


def stamp(now: float, delay: float = 0.0) -> dict[str, float]:
    """The header of a message that is sent now.

    Args:
        now: Unix time by the broker's clock.
        delay: Seconds that it was asked to wait (an ETA, the pause before a retry), which are no
            wait for a worker.
    """
    return {SENT_AT: now + max(0.0, delay)}


def waited(headers: Mapping[str, Any], now: float) -> float | None:
    """Seconds since a message could first be taken, None where it carries no stamp."""
    sent_at = headers.get(SENT_AT)
    return max(0.0, now - sent_at) if isinstance(sent_at, int | float) else None
