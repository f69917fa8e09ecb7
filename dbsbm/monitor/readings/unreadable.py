"""What a server or a system does not show is absent from the readings, and said once."""

from __future__ import annotations

import logging
import threading

log = logging.getLogger(__name__)

_said: set[str] = set()
_lock = threading.Lock()


def say_unreadable(what: str, error: BaseException) -> None:
    """Log, once in this process, that something cannot be measured, and by what kind of error."""
    with _lock:
        if what in _said:
            return
        _said.add(what)
    log.info(
        "Not measured: %s (%s).",
        what,
        type(error).__name__,
        extra={"action": "monitor.unreadable", "source": what},
    )
