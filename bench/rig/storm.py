"""Members bet while one process after another is killed and the database goes away."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.harness import progress
from bench.rig.commands import first_game, place
from bench.rig.fleet import FleetUnderTest, fleet
from bench.rig.members import Crowd, Verdict
from bench.rig.plan import Plan
from dbsbm.sandbox.discord.client import AsyncStandinClient, Place
from tests.servers import MariaDBServer, start_mariadb

DRAIN = 120.0
# Seconds over which the bets of one fault are spread; it strikes in the middle.
_SPAN = 1.6


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        name: What happens, in words.
        strike: Does it.
        mend: Waits until what was struck works again.
    """

    name: str
    strike: Callable[[], object]
    mend: Callable[[], object]


def killed(running: FleetUnderTest, name: str, how: Callable[[str], object]) -> Fault:
    """A process that is ended and started again by its supervisor."""
    struck = {}

    def strike() -> None:
        struck["identity"] = running.processes()[name]
        how(name)

    return Fault(
        f"{how.__name__} {name}",
        strike,
        lambda: running.wait_replaced(name, struck["identity"]),
    )


def child_killed(running: FleetUnderTest, name: str) -> Fault:
    """A worker that loses one of the children of its pool."""
    return Fault(f"kill a child of {name}", partial(running.kill_child, name), lambda: None)


def database_away(server: MariaDBServer, seconds: float) -> Fault:
    """A database that is stopped, and started again after a while."""

    def mend() -> None:
        time.sleep(seconds)
        server.start()

    return Fault(f"stop the database for {seconds:g} s", server.stop, mend)


def every_fault(running: FleetUnderTest, server: MariaDBServer, away: float) -> list[Fault]:
    """Each process once, and each server."""
    return [
        killed(running, "front", running.kill),
        killed(running, "bot", running.kill),
        killed(running, "images", running.kill),
        child_killed(running, "front"),
        killed(running, "back", running.kill),
        killed(running, "broker", running.kill),
        child_killed(running, "images"),
        killed(running, "beat", running.kill),
        child_killed(running, "back"),
        killed(running, "broker", running.terminate),
        database_away(server, away),
    ]


def measure(bets: int, *, rounds: int, away: float) -> Verdict:
    """Have so many members bet through all faults, and count what they got.

    Args:
        bets: How many members bet.
        rounds: How often each fault strikes.
        away: Seconds that the database is stopped.
    """
    # No space in its name: MariaDB's installer cannot read its own paths then.
    with tempfile.TemporaryDirectory(prefix="dbsbm-mariadb-") as folder:
        server = start_mariadb(Path(folder))
        try:
            with server.fresh_database() as url, fleet(Plan(database_url=url, crowd=bets)) as it:
                verdict = ride(it, bets, every_fault(it, server, away) * rounds)
                it.keep = bool(verdict.lost or verdict.doubled)
                return verdict
        finally:
            server.close()


def ride(running: FleetUnderTest, bets: int, faults: list[Fault]) -> Verdict:
    """Place the bets evenly around the faults, let everything settle, and count."""
    game = first_game(running.discord)
    # Whoever is first in a new fleet waits for what is made once; that is no matter of faults.
    place(running.discord, game, "warm", Place(member="maya.okafor"))
    crowd = Crowd(running, game, bets)
    asyncio.run(_ride(running, crowd, bets, faults))
    return crowd.judge()


async def _ride(running: FleetUnderTest, crowd: Crowd, bets: int, faults: list[Fault]) -> None:
    async with AsyncStandinClient(running.instance.standin_url) as discord:
        for number, fault in enumerate(faults):
            count = bets * (number + 1) // len(faults) - bets * number // len(faults)
            betting = asyncio.create_task(crowd.bet(discord, count, _SPAN))
            await asyncio.sleep(_SPAN / 2)
            progress(fault.name)
            await asyncio.to_thread(fault.strike)
            await betting
            await asyncio.to_thread(fault.mend)
        await crowd.settle(DRAIN)
