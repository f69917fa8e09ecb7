"""Several processes that do one thing at the same moment, and what that cost the server."""

from __future__ import annotations

import json
import os
import select
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from dbsbm.settings import PROJECT_ROOT
from tests.servers import CACHE_OPTIONS, ValkeyServer, start_valkey

_READY_WITHIN = 60.0
# What the observer itself causes.
_OBSERVING = ("config|resetstat", "info")


class CrowdError(Exception):
    """A process of a crowd ended early or took too long; our standard error has what it printed."""


class Worker:
    """One process that says when it is ready, waits, and reports: see `bench.rig.cache_gate`.

    Args:
        command: A program and its arguments.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=PROJECT_ROOT,
            env={k: v for k, v in os.environ.items() if not k.startswith("PYTHON")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._printed = b""

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    def wait_ready(self) -> None:
        """Wait until it is ready.

        Raises:
            CrowdError: It is not.
        """
        if self._line(_READY_WITHIN).strip() != "ready":
            raise CrowdError(f"{self._process.args} did not become ready")

    def go(self) -> None:
        """Let it begin, or go on."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"go\n")
        self._process.stdin.flush()

    def result(self, within: float) -> dict[str, Any]:
        """Return what it reports.

        Raises:
            CrowdError: It reports nothing in so many seconds.
        """
        line = self._line(within)
        try:
            reported: dict[str, Any] = json.loads(line)
        except ValueError:
            raise CrowdError(f"{self._process.args} reported {line!r}") from None
        return reported

    def kill(self) -> None:
        """End it at once (SIGKILL), if it has not ended."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(BrokenPipeError):
                pipe.close()

    def _line(self, within: float) -> str:
        output, ends_at = self._process.stdout, time.monotonic() + within
        assert output is not None
        while b"\n" not in self._printed:
            there, _, _ = select.select([output], [], [], max(0, ends_at - time.monotonic()))
            read = os.read(output.fileno(), 65_536) if there else b""
            if not read:
                raise CrowdError(f"{self._process.args} ended, or said nothing for {within:g} s")
            self._printed += read
        line, _, self._printed = self._printed.partition(b"\n")
        return line.decode()


@contextmanager
def workers(commands: Sequence[Sequence[str]]) -> Iterator[list[Worker]]:
    """Start processes, wait until all are ready, and end them in the end.

    Raises:
        CrowdError: One of them did not become ready.
    """
    started: list[Worker] = []
    try:
        started += map(Worker, commands)
        for worker in started:
            worker.wait_ready()
        yield started
    finally:
        for worker in started:
            worker.kill()


def release(crowd: Sequence[Worker], within: float) -> list[dict[str, Any]]:
    """Let all begin at once and return what they report."""
    for worker in crowd:
        worker.go()
    return [worker.result(within) for worker in crowd]


def only(command: Sequence[str], within: float) -> dict[str, Any]:
    """Return what a single process reports that waits for nobody.

    Raises:
        CrowdError: It reports nothing in so many seconds.
    """
    worker = Worker(command)
    try:
        return worker.result(within)
    finally:
        worker.kill()


class Meter:
    """Counts the commands that a server carries out, those within scripts too."""

    def __init__(self, server: ValkeyServer) -> None:
        self._client = server.client()
        self._client.ping()

    def reset(self) -> None:
        """Count from now on."""
        self._client.config_resetstat()

    def calls(self) -> dict[str, int]:
        """Return the calls since the reset by command, without this meter's own."""
        stats = self._client.info("commandstats")
        calls = {name.removeprefix("cmdstat_"): int(of["calls"]) for name, of in stats.items()}
        return {name: count for name, count in calls.items() if name not in _OBSERVING}

    def total(self) -> int:
        """Return how many calls there were since the reset."""
        return sum(self.calls().values())


@contextmanager
def cache_server() -> Iterator[ValkeyServer]:
    """An empty cache server of the benchmark's own."""
    with (
        tempfile.TemporaryDirectory(prefix="dbsbm-cache-") as folder,
        start_valkey(Path(folder), *CACHE_OPTIONS) as server,
    ):
        yield server
