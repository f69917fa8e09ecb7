"""What a process's memory grew by while it was watched, told by the process itself."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from dbsbm.cli.output import spell_bytes, table
from dbsbm.cli.profile.paths import short
from dbsbm.cli.profile.processes import FleetProcess
from dbsbm.errors import ConfigError, TransientError
from dbsbm.monitor.readings.memory import answer_file, request_file
from dbsbm.settings import Settings

MOST_LINES = 10
_PATIENCE_SECONDS = 20.0
_POLL_SECONDS = 0.1


def look(process: FleetProcess, seconds: float, output: Path, settings: Settings) -> str:
    """Ask a process for a picture of its memory and wait for it.

    Returns:
        What grew and what there is most of, as two tables; the whole answer is in `output`.

    Raises:
        ConfigError: Nothing is measured, or its folder is another user's.
        TransientError: It does not answer.
    """
    if not settings.enable_performance_monitoring:
        raise ConfigError("ENABLE_PERFORMANCE_MONITORING is off: no process answers requests.")
    picture = _ask(process, seconds, settings.data_dir)
    output.write_text(json.dumps(picture, indent=2))
    return _told(process, seconds, picture, output)


def _ask(process: FleetProcess, seconds: float, data_dir: Path) -> Any:
    request, answer = request_file(data_dir, process.pid), answer_file(data_dir, process.pid)
    try:
        request.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        answer.unlink(missing_ok=True)
        request.write_text(json.dumps({"seconds": seconds}))
    except OSError as error:
        raise ConfigError(
            f"{request.parent} cannot be written ({error.strerror}): run this as the fleet's user."
        ) from None
    try:
        _wait(request, "to take the request up", process, gone=True)
        time.sleep(seconds)
        _wait(answer, "with the picture", process, gone=False)
        return json.loads(answer.read_text())
    finally:
        request.unlink(missing_ok=True)
        answer.unlink(missing_ok=True)


def _wait(path: Path, purpose: str, process: FleetProcess, *, gone: bool) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while path.exists() == gone:
        if time.monotonic() > deadline:
            raise TransientError(
                f"{process.role} ({process.pid}) did not come {purpose}: it is stuck, or starts "
                "just now. Without --memory it can be looked at all the same."
            )
        time.sleep(_POLL_SECONDS)


def _told(process: FleetProcess, seconds: float, picture: Any, output: Path) -> str:
    grown = (
        (f"{short(each['file'])}:{each['line']}", spell_bytes(each["bytes"]), each["blocks"])
        for each in picture["grown"][:MOST_LINES]
    )
    objects = (
        (each["type"], spell_bytes(each["bytes"]), each["count"])
        for each in picture["objects"][:MOST_LINES]
    )
    grown_bytes = spell_bytes(picture["grown_bytes"])
    return "\n".join(
        (
            f"{process.role} ({process.pid}) holds {grown_bytes} that it took in {seconds:g} s.",
            table(("taken by", "bytes", "blocks"), grown),
            "",
            table(("objects there are", "bytes", "count"), objects),
            f"All of it: {output}",
        )
    )
