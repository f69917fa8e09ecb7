"""Keeps a set of processes alive: starts them in order, restarts them, ends them in order."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from workers.stack import leftovers, state
from workers.stack.exits import ExitWatch
from workers.stack.identity import identify
from workers.stack.logfile import LogFile
from workers.stack.process import ManagedProcess, Refused
from workers.stack.spec import EXIT_CONFIG, ProcessSpec
from workers.stack.speech import Say
from workers.stack.state import StackState

LOG_PERIOD = 5.0

ECHO_SECONDS = 0.5
"""Seconds in which a second signal is the first one again: a terminal sends it to everybody, and
who started us may pass it on. Nobody who wants to kill is that quick."""


class Supervisor:
    """One stack in one instance folder, whose lock the caller holds.

    Args:
        specs: The processes; `after` must name processes among them, without a circle.
        folder: The instance folder: logs, and the state that `down` and `logs` read.
        say: Told what a person should know, a line each.

    Raises:
        ValueError: `after` names a process that there is not.
    """

    def __init__(self, specs: Sequence[ProcessSpec], folder: Path, say: Say) -> None:
        names = {spec.name for spec in specs}
        for spec in specs:
            if missing := set(spec.after) - names:
                raise ValueError(f"{spec.name} starts after {missing}, which is not there")
        self.notes: list[str] = []
        self._specs = specs
        self._folder = folder
        self._say = say
        self._state = StackState(identify(os.getpid()))
        self._processes: dict[str, ManagedProcess] = {}
        self._stop = asyncio.Event()
        self._kill = asyncio.Event()
        self._all_ready = asyncio.Event()
        self._refusal: str | None = None
        self._signalled_at = float("-inf")

    async def run(self) -> int:
        """Run everything until `stop`, a signal, or a process that refuses to start.

        Returns:
            0, or EXIT_CONFIG after a refusal.
        """
        self._end_leftovers()
        with ExitWatch() as exits:
            self._processes = {spec.name: self._managed(spec, exits) for spec in self._specs}
            loop = asyncio.get_running_loop()
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                loop.add_signal_handler(number, self._on_signal)
            try:
                await self._run()
            finally:
                for process in self._processes.values():
                    process.kill()
                state.forget(self._folder)
        return 0 if self._refusal is None else EXIT_CONFIG

    def stop(self) -> None:
        """Begin to end everything; `run` returns when it is done."""
        self._stop.set()

    async def wait_ready(self, *names: str) -> None:
        """Wait until the named processes are ready, or all of them where none is named."""
        if names:
            await asyncio.gather(*(self._processes[name].ready.wait() for name in names))
        else:
            await self._all_ready.wait()

    async def wait_stopping(self) -> None:
        """Wait until everything begins to end, for whatever reason."""
        await self._stop.wait()

    def what_is_missing(self) -> str:
        """In words: why not every process is ready."""
        if self._refusal is not None:
            return self._refusal
        if self._stop.is_set():
            return "It was stopped before every process was ready."
        late = [each for each in self._processes.values() if not each.ready.is_set()]
        logs = ", ".join(str(each.log.path) for each in late)
        return f"Not ready: {', '.join(each.spec.name for each in late)}. See {logs}."

    def announce(self, notes: Iterable[str]) -> None:
        """Tell people, and whoever asks later, that all is up and where."""
        self._state.notes = list(notes)
        self._write_state()
        for line in self._state.notes:
            self._say(line)

    async def _run(self) -> None:
        keepers = [asyncio.create_task(self._keep(each)) for each in self._processes.values()]
        others = [asyncio.create_task(self._rotate_logs()), asyncio.create_task(self._note_ready())]
        await self._stop.wait()
        for task in (*keepers, *others):
            task.cancel()
        await asyncio.gather(*keepers, *others, return_exceptions=True)
        await self._end_all()

    async def _keep(self, process: ManagedProcess) -> None:
        try:
            for name in process.spec.after:
                await self._processes[name].ready.wait()
            await process.keep_alive()
        except Refused as refusal:
            self._refusal = f"{process.spec.name} does not start: {refusal}"
            self._say(self._refusal)
            self.stop()

    async def _note_ready(self) -> None:
        await asyncio.gather(*(each.ready.wait() for each in self._processes.values()))
        self._all_ready.set()

    async def _rotate_logs(self) -> None:
        while True:
            await asyncio.sleep(LOG_PERIOD)
            for process in self._processes.values():
                process.log.rotate()

    async def _end_all(self) -> None:
        """End the stages one after another, or all at once when a person is in a hurry."""
        ordered = asyncio.create_task(self._end_stages())
        hurried = asyncio.create_task(self._kill.wait())
        await asyncio.wait({ordered, hurried}, return_when=asyncio.FIRST_COMPLETED)
        if not ordered.done():
            for process in self._processes.values():
                process.kill()
            await ordered
        hurried.cancel()

    async def _end_stages(self) -> None:
        by_stage = sorted(self._processes.values(), key=_stage, reverse=True)
        for _, processes in groupby(by_stage, key=_stage):
            await asyncio.gather(*(process.stop() for process in processes))

    def _managed(self, spec: ProcessSpec, exits: ExitWatch) -> ManagedProcess:
        log = LogFile(self._folder / "logs" / f"{spec.name}.log")
        return ManagedProcess(spec, log, exits=exits, say=self._say, changed=self._on_change)

    def _on_change(self, process: ManagedProcess) -> None:
        self._write_state()
        began_anew = process.identity is not None and process.lives > 1
        if began_anew and not self._stop.is_set():
            for other in self._processes.values():
                if process.spec.name in other.spec.forgotten_by:
                    other.ask_to_end()

    def _on_signal(self) -> None:
        now = asyncio.get_running_loop().time()
        if not self._stop.is_set():
            self._say("Stopping; once more to kill at once.")
            self._signalled_at = now
            self.stop()
        elif now - self._signalled_at >= ECHO_SECONDS:
            self._say("Killing everything.")
            self._kill.set()

    def _write_state(self) -> None:
        self._state.processes = {
            name: process.identity
            for name, process in self._processes.items()
            if process.identity is not None
        }
        self._state.write(self._folder)

    def _end_leftovers(self) -> None:
        left = state.StackState.read(self._folder)
        if left is not None and (count := leftovers.end(left.processes.values())):
            self._say(f"Ended {count} processes that an earlier run had left behind.")


def _stage(process: ManagedProcess) -> int:
    return process.spec.stop_stage
