"""A supervisor over small processes, as a program: what its tests signal, kill and look at.

Run as `python -m tests.integration.stack.small_stack FOLDER SPECS`, SPECS being a JSON list of the
fields of `ProcessSpec`. `ready`, and in `stale` `file` and `unless_down`, are paths: a file that is
there means yes.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from workers.stack.probes import file_exists
from workers.stack.spec import ProcessSpec, Staleness
from workers.stack.speech import speaker
from workers.stack.state import FolderLock
from workers.stack.supervisor import Supervisor


def _spec(fields: dict[str, Any], folder: Path) -> ProcessSpec:
    values = dict(fields)
    values["argv"] = (sys.executable, "-u", "-c", values.pop("code"), str(folder))
    for names in ("after", "forgotten_by"):
        values[names] = tuple(values.get(names, ()))
    if "ready" in values:
        values["ready"] = file_exists(folder / values["ready"])
    if "stale" in values:
        values["stale"] = _staleness(values["stale"], folder)
    place = folder / values.pop("cwd", ".")
    return ProcessSpec(env=dict(os.environ), cwd=place, **values)


def _staleness(values: dict[str, Any], folder: Path) -> Staleness:
    unless_down = values.get("unless_down")
    return Staleness(
        file=folder / values["file"],
        after=values["after"],
        unless_down=file_exists(folder / unless_down) if unless_down else None,
    )


async def _main(folder: Path, specs: list[dict[str, Any]]) -> int:
    lock = FolderLock(folder)
    assert lock.acquire()
    supervisor = Supervisor(
        [_spec(spec, folder) for spec in specs], folder, speaker(folder, sys.stdout)
    )

    async def announce() -> None:
        await supervisor.wait_ready()
        supervisor.announce(["all is up"])

    announcing = asyncio.create_task(announce())
    try:
        return await supervisor.run()
    finally:
        announcing.cancel()


if __name__ == "__main__":
    sys.exit(asyncio.run(_main(Path(sys.argv[1]), json.loads(sys.argv[2]))))
