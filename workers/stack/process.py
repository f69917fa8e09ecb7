"""One process that is kept alive."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable

from workers.stack.backoff import Backoff
from workers.stack.exits import ExitWatch
from workers.stack.identity import Identity, identify
from workers.stack.logfile import LogFile
from workers.stack.spawn import spawn
from workers.stack.spec import EXIT_CONFIG, ProcessSpec, Staleness
from workers.stack.speech import Say

PROBE_PERIOD = 0.025
STALE_PERIOD = 5.0


class Refused(Exception):
    """A process will not start because a setting is wrong; the text is its own last sentence."""


class ManagedProcess:
    """Starts a process, and starts it again whenever it ends or is found idle.

    Args:
        spec: The process.
        log: Where its output goes.
        exits: Tells when it ends.
        say: Told what a person should know.
        changed: Called with this object after each start and each end.
    """

    def __init__(
        self,
        spec: ProcessSpec,
        log: LogFile,
        *,
        exits: ExitWatch,
        say: Say,
        changed: Callable[[ManagedProcess], None],
    ) -> None:
        self.spec = spec
        self.log = log
        self.ready = asyncio.Event()
        self.identity: Identity | None = None
        self.lives = 0
        self._exits = exits
        self._say = say
        self._changed = changed
        self._child: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    async def keep_alive(self) -> None:
        """Run the process for ever, or, if it is one-shot, until it has done its work.

        Raises:
            Refused: It refuses to start.
        """
        backoff = Backoff()
        while True:
            began = time.monotonic()
            verdict, code = await self._live()
            if self.spec.one_shot and code == 0:
                self.ready.set()
                return
            if code == EXIT_CONFIG:
                raise Refused(self.log.last_line(self._log_start) or f"see {self.log.path}")
            pause = backoff.pause_after(time.monotonic() - began)
            self._say(f"{self.spec.name} {verdict}; again in {pause:g} s. See {self.log.path}")
            await asyncio.sleep(pause)

    async def stop(self) -> None:
        """End the process: first by its signal, then, when that takes too long, by force."""
        if self._child is None:
            return
        self.ask_to_end()
        try:
            async with asyncio.timeout(self.spec.stop_within):
                await self._exits.code_of(self._child)
        except TimeoutError:
            self._say(f"{self.spec.name} took over {self.spec.stop_within:g} s to end: killed.")
        await self._bury(self._child)

    def ask_to_end(self) -> None:
        """Send the stop signal, without waiting; whoever keeps it alive starts it again."""
        if self._child is not None:
            self._child.send_signal(self.spec.stop_signal)

    def kill(self) -> None:
        """Kill the process and its children, now."""
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._child.pid, signal.SIGKILL)

    async def _live(self) -> tuple[str, int]:
        """Run the process once; what happened, in words, and its exit code."""
        try:
            child = self._start()
        except OSError as error:
            return f"cannot be started ({error.strerror})", 1
        ended = asyncio.create_task(self._exits.code_of(child))
        watched = asyncio.create_task(self._watch())
        try:
            await asyncio.wait({ended, watched}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()
            watched.cancel()
        verdict = watched.result() if child.poll() is None else _in_words(child.returncode)
        return verdict, await self._bury(child)

    def _start(self) -> subprocess.Popen[bytes]:
        self.ready.clear()
        if self.spec.stale is not None:
            self.spec.stale.file.unlink(missing_ok=True)
        self._log_start = self.log.size()
        with self.log.open() as output:
            self._child = spawn(self.spec, output)
        self.lives += 1
        with contextlib.suppress(ProcessLookupError):
            self.identity = identify(self._child.pid)
        self._changed(self)
        return self._child

    async def _bury(self, child: subprocess.Popen[bytes]) -> int:
        """Make sure that the process and all its children are gone; its exit code."""
        self.kill()
        code = await self._exits.code_of(child)
        self._child = self.identity = None
        self._changed(self)
        return code

    async def _watch(self) -> str:
        """Watch over one life; return what is wrong with it as soon as something is."""
        if self.spec.one_shot:
            await asyncio.Future()  # it ends by itself
        began = time.monotonic()
        try:
            async with asyncio.timeout(self.spec.ready_within):
                await self._become_ready()
        except TimeoutError:
            return f"was not ready within {self.spec.ready_within:g} s and was killed"
        self.ready.set()
        self._say(f"{self.spec.name} {self._readiness(time.monotonic() - began)}.")
        if self.spec.stale is None:
            await asyncio.Future()  # nothing more to look at
        else:
            await _fall_silent(self.spec.stale)
        return "showed no sign of life and was killed"

    def _readiness(self, seconds: float) -> str:
        return "runs" if self.spec.ready is None else f"is ready after {seconds:.1f} s"

    async def _become_ready(self) -> None:
        probe = self.spec.ready
        while probe is not None and not await probe():  # noqa: ASYNC110 - there is no event to await
            await asyncio.sleep(PROBE_PERIOD)


async def _fall_silent(stale: Staleness) -> None:
    """Return once the file has not been touched for too long.

    Only changes of the file's time count, and our own monotonic clock: setting the system's clock,
    or a laptop that slept, kills nothing.
    """
    seen, since = _touched(stale), time.monotonic()
    while True:
        await asyncio.sleep(min(STALE_PERIOD, stale.after / 4))
        now = _touched(stale)
        if now != seen or await _is_excused(stale):
            seen, since = now, time.monotonic()
        elif time.monotonic() - since > stale.after:
            return


async def _is_excused(stale: Staleness) -> bool:
    return stale.unless_down is not None and not await stale.unless_down()


def _touched(stale: Staleness) -> int | None:
    try:
        return stale.file.stat().st_mtime_ns
    except FileNotFoundError:
        return None


def _in_words(code: int) -> str:
    if code >= 0:
        return f"ended with code {code}"
    return f"was ended by {signal.Signals(-code).name}"
