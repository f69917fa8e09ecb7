"""`python -m bench.rig.supervised FOLDER`: the process that keeps a fleet under test alive."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from bench.rig.plan import Plan
from dbsbm.settings import load_settings
from workers.stack.fleet import Fleet
from workers.stack.speech import speaker
from workers.stack.state import FolderLock
from workers.stack.supervisor import Supervisor

READY = "All is up."


async def _serve(folder: Path) -> int:
    plan, instance = Plan.load(folder)
    os.environ.update(instance.environment())
    specs = list(plan.specs(Fleet(instance, load_settings()).specs(), folder))
    supervisor = Supervisor(specs, folder, speaker(folder, sys.stdout))

    async def announce() -> None:
        await supervisor.wait_ready()
        supervisor.announce([READY])

    announcing = asyncio.create_task(announce())
    try:
        return await supervisor.run()
    finally:
        announcing.cancel()


def main() -> int:
    """Keep the fleet of a folder alive until told to stop."""
    folder = Path(sys.argv[1])
    lock = FolderLock(folder)
    if not lock.acquire():
        raise SystemExit(f"A fleet runs in {folder} already.")
    return asyncio.run(_serve(folder))


if __name__ == "__main__":
    sys.exit(main())
