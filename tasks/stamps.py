"""Every message that this process sends says when, so that its wait can be measured."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from celery.signals import before_task_publish

from dbsbm.wire.stamp import stamp


def stamp_messages(now: Callable[[], float]) -> None:
    """Stamp all that is published from now on, retries included.

    Args:
        now: Unix time by the broker's clock, as far as this process knows it.
    """

    def on_publish(headers: dict[str, Any], **_kwargs: Any) -> None:
        headers.update(stamp(now(), _delay(headers.get("eta"))))

    # A second caller of the same process replaces the first.
    before_task_publish.connect(on_publish, weak=False, dispatch_uid="dbsbm.stamp")


def _delay(eta: str | None) -> float:
    """Seconds until a message may be taken, by the clock that its sender made the ETA with."""
    if eta is None:
        return 0.0
    return (datetime.fromisoformat(eta) - datetime.now(UTC)).total_seconds()
