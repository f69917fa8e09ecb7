"""Tasks that do to a worker what no task of the product should."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from celery import shared_task

from tasks.base import ScheduledTask, services


def note(line: str) -> None:
    """Write a line that the test reads; short appends of several processes do not mix."""
    with (services().settings.data_dir / "notes").open("a") as notes:
        notes.write(f"{line}\n")


@shared_task(name="fleet.note")
def write_note(line: str) -> None:
    note(line)


@shared_task(name="fleet.poison")
def poison(secret: str) -> None:
    """Kill the pool's child that runs this, as a segmentation fault or the OOM killer would."""
    note("poison")
    os.kill(os.getpid(), signal.SIGKILL)


@shared_task(name="fleet.linger")
def linger(seconds: float) -> None:
    note("lingering")
    time.sleep(seconds)
    note("lingered")


@shared_task(name="fleet.count", base=ScheduledTask, bind=True)
def count(self: ScheduledTask) -> None:
    note(self.request.id)


def notes_of(data_dir: Path) -> list[str]:
    """What the tasks of a test have written so far."""
    file = data_dir / "notes"
    return file.read_text().splitlines() if file.exists() else []
