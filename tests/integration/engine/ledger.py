"""A task that writes down what it does, so that tests count runs instead of trusting results."""

from __future__ import annotations

import time
from pathlib import Path

from celery import shared_task


@shared_task
def record(ledger: str, name: str, seconds: float) -> str:
    """Write `start NAME`, work for some seconds, write `done NAME`."""
    with Path(ledger).open("a") as lines:
        print("start", name, file=lines, flush=True)
        time.sleep(seconds)
        print("done", name, file=lines, flush=True)
    return name
