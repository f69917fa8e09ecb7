"""`./dev up --once`: start a separate fleet, prove that it works from end to end, stop it."""

from __future__ import annotations

import asyncio
import shutil
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from dbsbm.errors import ConfigError
from dbsbm.settings import PROJECT_ROOT, load_settings
from workers.stack import outcome
from workers.stack.fleet import Fleet
from workers.stack.instance import given_settings, ordinary_folder, separate_instance
from workers.stack.outcome import Outcome
from workers.stack.proof import Proof
from workers.stack.speech import complain, speaker, tell
from workers.stack.state import FolderLock
from workers.stack.supervisor import Supervisor

# Seconds within which every process must be ready.
START_WITHIN = 120.0
# Jobs that the proof waits for come at once and often. Those that would fetch games by themselves
# are off: it must be the member's own command that does.
SCHEDULE = {
    "metric-sample": 3,
    "cache-cleanup": 5,
    "optimizer-analysis": 5,
    "games-refresh": 0,
    "cache-warm": 0,
}
_KEPT = ("stack.lock", "stack.json")

# Steps: name, method of Proof, and the process whose log explains a failure.
_BESIDE = (
    ("bet", Proof.bet, "front"),
    ("warm", Proof.warm, "back"),
    ("beat.metrics", partial(Proof.beat, job="metric-sample"), "back"),
    ("beat.cleanup", partial(Proof.beat, job="cache-cleanup"), "back"),
    ("beat.optimizer", partial(Proof.beat, job="optimizer-analysis"), "back"),
)


def once(*, as_json: bool) -> int:
    """Prove the fleet; 0 where every step went well."""
    try:
        outcomes = _prove(ordinary_folder(given_settings(PROJECT_ROOT), PROJECT_ROOT))
    except ConfigError as error:
        outcomes = [Outcome("start", False, 0, str(error))]
    tell(outcome.as_json(outcomes) if as_json else outcome.as_table(outcomes))
    return 0 if outcome.is_good(outcomes) else 1


def _prove(home: Path) -> list[Outcome]:
    folder = home / "once"
    lock = FolderLock(folder)
    if not lock.acquire():
        raise ConfigError("Another ./dev up --once is running: wait until it has ended.")
    _empty(folder)
    instance = separate_instance(folder, PROJECT_ROOT, SCHEDULE)
    instance.adopt()
    settings = load_settings()
    supervisor = Supervisor(Fleet(instance, settings).specs(), folder, speaker(folder, sys.stderr))
    return asyncio.run(Run(supervisor, Proof(instance, settings, home / "slips")).to_end())


class Run:
    """The proof beside the supervisor that keeps its fleet alive."""

    def __init__(self, supervisor: Supervisor, proof: Proof) -> None:
        self._supervisor = supervisor
        self._proof = proof
        self._outcomes: list[Outcome] = []

    async def to_end(self) -> list[Outcome]:
        """Run everything, stop the fleet, and return how the steps went."""
        proving = asyncio.create_task(self._prove())
        await self._supervisor.run()
        # Stopped from outside, or a process refused to start: the steps see it, too.
        self._proof.give_up()
        await proving
        return self._outcomes

    async def _prove(self) -> None:
        try:
            if await self._started():
                self._outcomes.append(await self._step("games", Proof.games, "back"))
                self._outcomes += await asyncio.gather(*(self._step(*each) for each in _BESIDE))
                self._outcomes.append(await self._step("flower", Proof.flower, "flower"))
        finally:
            self._supervisor.stop()

    async def _started(self) -> bool:
        began = time.monotonic()
        ready = asyncio.create_task(self._supervisor.wait_ready())
        stopped = asyncio.create_task(self._supervisor.wait_stopping())
        await asyncio.wait(
            {ready, stopped}, timeout=START_WITHIN, return_when=asyncio.FIRST_COMPLETED
        )
        ready.cancel()
        stopped.cancel()
        ok = ready.done() and not stopped.done()
        detail = "every process is ready" if ok else self._supervisor.what_is_missing()
        self._outcomes.append(
            Outcome("start", ok, round((time.monotonic() - began) * 1000), detail)
        )
        return ok

    async def _step(self, name: str, step: Callable[[Proof], str], log: str) -> Outcome:
        done = await asyncio.to_thread(self._proof.run, name, partial(step, self._proof), log)
        complain(f"{name}: {'ok' if done.ok else 'FAILED'}, {done.detail}")
        return done


def _empty(folder: Path) -> None:
    """Forget the last run, but not which processes it may have left behind."""
    for each in folder.iterdir():
        if each.name in _KEPT:
            continue
        if each.is_dir():
            shutil.rmtree(each)
        else:
            each.unlink()
