"""Members bet while one process after another is killed and the database goes away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from bench.harness import progress
from bench.rig.fleet import FleetUnderTest
from bench.rig.members import Crowd, Verdict
from dbsbm.sandbox.discord.client import AsyncStandinClient
from tests.servers import MariaDBServer
from workers.stack.identity import Identity

DRAIN = 120.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        name: What happens, in words.
        victim: The process or server that it happens to.
        strike: Does it.
        mend: Waits until the victim works again.
    """

    name: str
    victim: str
    strike: Callable[[], object]
    mend: Callable[[], object]


def killed(running: FleetUnderTest, name: str) -> Fault:
    """A process that is killed (SIGKILL), and started again by its supervisor."""
    return _ended(running, f"kill {name}", name, running.kill)


def restarted(running: FleetUnderTest, name: str) -> Fault:
    """A process that is asked to end (SIGTERM), and started again by its supervisor."""
    return _ended(running, f"restart {name}", name, running.terminate)


def child_killed(running: FleetUnderTest, name: str) -> Fault:
    """A worker that loses one of the children of its pool."""
    strike = partial(running.kill_child, name)
    return Fault(f"kill a child of {name}", name, strike, lambda: None)


def database_away(server: MariaDBServer, seconds: float) -> Fault:
    """A database that is stopped, and started again after a while."""

    def mend() -> None:
        time.sleep(seconds)
        server.start()

    return Fault(f"stop the database for {seconds:g} s", "database", server.stop, mend)


def every_fault(running: FleetUnderTest, server: MariaDBServer, away: float) -> list[Fault]:
    """Each process once, and each server.

    Args:
        running: The fleet.
        server: Its database.
        away: Seconds that the database is stopped.
    """
    return [
        killed(running, "front"),
        killed(running, "bot"),
        killed(running, "images"),
        killed(running, "broker"),
        killed(running, "back"),
        child_killed(running, "front"),
        database_away(server, away),
        restarted(running, "broker"),
        child_killed(running, "images"),
        killed(running, "beat"),
        child_killed(running, "back"),
    ]


def ride(
    running: FleetUnderTest, game: str, bets: int, faults: Sequence[Fault], *, span: float
) -> Verdict:
    """Place bets evenly around faults, let everything settle, and count.

    Args:
        running: The fleet; its plan has a crowd of as many members.
        game: What they bet on.
        bets: How many members bet.
        faults: What goes wrong, one after another.
        span: Seconds over which the bets around one fault are spread.
    """
    crowd = Crowd(running, game, bets)
    asyncio.run(_ride(running, crowd, bets, faults, span))
    verdict = crowd.judge()
    if verdict.lost or verdict.doubled:
        running.keep = True
        (running.folder / "verdict.json").write_text(crowd.evidence(verdict))
    return verdict


async def _ride(
    running: FleetUnderTest, crowd: Crowd, bets: int, faults: Sequence[Fault], span: float
) -> None:
    mending: dict[str, asyncio.Task[object]] = {}
    async with AsyncStandinClient(running.instance.standin_url) as discord:
        for number, fault in enumerate(faults):
            count = bets * (number + 1) // len(faults) - bets * number // len(faults)
            betting = asyncio.create_task(crowd.bet(discord, count, span))
            await asyncio.sleep(span / 2)
            if fault.victim in mending:
                await mending.pop(fault.victim)
            progress(fault.name)
            await asyncio.to_thread(fault.strike)
            mending[fault.victim] = asyncio.create_task(asyncio.to_thread(fault.mend))
            await betting
        await asyncio.gather(*mending.values())
        await crowd.settle(DRAIN)


def _ended(
    running: FleetUnderTest, name: str, victim: str, end: Callable[[str], Identity]
) -> Fault:
    ended: list[Identity] = []
    return Fault(
        name,
        victim,
        lambda: ended.append(end(victim)),
        lambda: running.wait_replaced(victim, ended.pop()),
    )
