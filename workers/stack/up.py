"""`./dev up`: start a fleet and keep it alive until somebody stops it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from dbsbm.errors import ConfigError
from dbsbm.providers.leagues import check_leagues
from dbsbm.settings import PROJECT_ROOT, load_settings
from workers.stack.fleet import Fleet
from workers.stack.instance import given_settings, ordinary_folder, ordinary_instance
from workers.stack.spec import EXIT_CONFIG
from workers.stack.speech import complain, speaker, tell
from workers.stack.state import FolderLock, StackState
from workers.stack.supervisor import Supervisor


def up() -> int:
    """Run the ordinary fleet; 0 after it was stopped, or where it runs already."""
    folder = ordinary_folder(given_settings(PROJECT_ROOT), PROJECT_ROOT)
    lock = FolderLock(folder)
    if not lock.acquire():
        tell("\n".join(describe_running(folder)))
        return 0
    try:
        instance = ordinary_instance(PROJECT_ROOT)
        # What is wrong with a setting is said once, here, and not by every process.
        instance.adopt()
        settings = load_settings()
        check_leagues(settings.leagues)
        fleet = Fleet(instance, settings)
        instance.ports.save(folder)
    except ConfigError as error:
        complain(str(error))
        return EXIT_CONFIG
    return asyncio.run(_serve(fleet, folder))


async def _serve(fleet: Fleet, folder: Path) -> int:
    supervisor = Supervisor(fleet.specs(), folder, speaker(folder, sys.stdout))

    async def announce() -> None:
        await supervisor.wait_ready()
        supervisor.announce(fleet.notes())

    announcing = asyncio.create_task(announce())
    try:
        return await supervisor.run()
    finally:
        announcing.cancel()


def describe_running(folder: Path) -> list[str]:
    """What to tell a person who starts a fleet that runs already."""
    known = StackState.read(folder)
    if known is None or not known.notes:
        return ["Already running, and still starting: ./dev logs -f shows what it does."]
    return ["Already running.", *known.notes[1:-1], "./dev down stops it."]
