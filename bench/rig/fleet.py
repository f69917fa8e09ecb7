"""A fleet under test: started, looked at, broken and ended by its handle."""

from __future__ import annotations

import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
import redis
from pydantic import SecretStr

from bench.harness import progress
from bench.rig.plan import LOOP_LOG, Plan
from dbsbm.db.engine import Database
from dbsbm.health import heartbeat_file
from dbsbm.sandbox.discord.client import StandinClient
from dbsbm.settings import PROJECT_ROOT
from tests.servers import ChildProcess, wait_until
from workers.stack.fleet import WORKERS
from workers.stack.identity import Identity
from workers.stack.state import StackState

START_WITHIN = 120.0
BACK_WITHIN = 90.0


class FleetUnderTest:
    """Real processes under the stack's supervisor, which is a process of its own.

    A context manager: entering it waits until every process is ready, leaving it ends all of them.

    Args:
        folder: Where the fleet keeps everything; it exists, and is the caller's to remove.
        plan: What it is made of.
    """

    def __init__(self, folder: Path, plan: Plan | None = None) -> None:
        self.plan = plan or Plan()
        self.instance = self.plan.instance(folder)
        self.plan.save(self.instance)
        self.folder = folder
        self.keep = False
        self.environment = self.instance.environment()
        self._supervisor = ChildProcess(
            [sys.executable, "-m", "bench.rig.supervised", str(folder)],
            cwd=PROJECT_ROOT,
            log=folder / "supervisor.out",
        )

    def __enter__(self) -> Self:
        self._supervisor.start()
        try:
            wait_until(self._is_up, START_WITHIN, self._why_not, interval=0.05)
        except BaseException:
            self._supervisor.kill()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Nothing of it is needed any more, so it need not end in good order.
        self._supervisor.kill()
        for opened in ("database", "broker", "discord"):
            if opened in self.__dict__:
                closable = self.__dict__[opened]
                (closable.dispose if opened == "database" else closable.close)()

    @cached_property
    def database(self) -> Database:
        """The fleet's database, as its own processes open it."""
        return Database(SecretStr(self.environment["DATABASE_URL"]))

    @cached_property
    def broker(self) -> redis.Redis:
        """The fleet's broker."""
        return redis.Redis.from_url(self.environment["BROKER_URL"], socket_timeout=10)

    @cached_property
    def discord(self) -> StandinClient:
        """The Discord stand-in."""
        return StandinClient(self.instance.standin_url)

    @property
    def loop_log(self) -> Path:
        """Where the bot writes how late its event loop ran."""
        return self.folder / LOOP_LOG

    @property
    def supervisor_pid(self) -> int:
        """The number of the process that keeps the others alive."""
        return self._supervisor.pid

    def log(self, name: str) -> str:
        """What a process has printed; `supervisor` is one of them."""
        file = self.folder / "logs" / f"{name}.log"
        return file.read_text("utf-8", errors="replace") if file.exists() else ""

    def logs(self) -> Iterator[Path]:
        """Every log there is, also older parts."""
        return (file for file in self.folder.rglob("*") if ".log" in file.suffixes)

    # --- processes -------------------------------------------------------------------------------

    def processes(self) -> dict[str, Identity]:
        """What runs now, by name."""
        known = StackState.read(self.folder)
        return {} if known is None else known.processes

    def process(self, name: str) -> Identity:
        """A process by its name, waiting for it where it is just being started again.

        Raises:
            AssertionError: It was not there in time.
        """
        return wait_until(
            lambda: self.processes().get(name),
            BACK_WITHIN,
            lambda: f"{name} runs\n{self.log('supervisor')}",
        )

    def children(self, name: str) -> list[psutil.Process]:
        """The children of a process: a worker's pool."""
        try:
            return psutil.Process(self.process(name).pid).children(recursive=True)
        except psutil.NoSuchProcess:  # it has just ended
            return []

    def kill(self, name: str) -> Identity:
        """End a process at once (SIGKILL); its supervisor starts it again."""
        victim = self.process(name)
        victim.signal(signal.SIGKILL)
        return victim

    def terminate(self, name: str) -> Identity:
        """Ask a process to end (SIGTERM); its supervisor starts it again."""
        victim = self.process(name)
        victim.signal(signal.SIGTERM)
        return victim

    def kill_child(self, name: str) -> None:
        """End a child of a worker's pool at once; its worker makes another one."""
        children = wait_until(lambda: self.children(name), BACK_WITHIN, f"{name} has children")
        with suppress(psutil.NoSuchProcess):
            children[0].send_signal(signal.SIGKILL)

    def wait_replaced(self, name: str, earlier: Identity, within: float = BACK_WITHIN) -> None:
        """Wait until another process of this name is ready.

        Raises:
            AssertionError: There was none in time.
        """
        wait_until(
            lambda: self._is_back(name, earlier),
            within,
            lambda: f"{name} is back\n{self.log('supervisor')}",
            interval=0.05,
        )

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """Stop a process and its children where they are (SIGSTOP), and let them go on."""
        victim = self.process(name)
        victim.signal_group(signal.SIGSTOP)
        try:
            yield
        finally:
            victim.signal_group(signal.SIGCONT)

    @contextmanager
    def down(self, name: str) -> Iterator[None]:
        """Kill a process and keep it down: its supervisor is held still meanwhile."""
        self._supervisor.freeze()
        try:
            victim = self.kill(name)
            wait_until(lambda: not victim.is_alive(), 10, f"{name} is dead")
            yield
        finally:
            self._supervisor.thaw()
        self.wait_replaced(name, victim)

    def _is_back(self, name: str, earlier: Identity) -> bool:
        now = self.processes().get(name)
        if now is None or now == earlier:
            return False
        if name in WORKERS:
            return heartbeat_file(self.folder, f"{name}@{socket.gethostname()}").exists()
        if name == "bot":
            return bool(self.discord.state()["bot"]["connected"])
        if name == "broker":
            return self._broker_answers()
        return True

    def _broker_answers(self) -> bool:
        try:
            return bool(self.broker.ping())
        except redis.RedisError:
            return False

    def _is_up(self) -> bool:
        assert self._supervisor.running, self._why_not()
        known = StackState.read(self.folder)
        return known is not None and bool(known.notes)

    def _why_not(self) -> str:
        ends = (f"{file.name}: {file.read_text(errors='replace')[-600:]}" for file in self.logs())
        return f"the fleet is up\n{self._supervisor.log()}\n" + "\n".join(ends)


@contextmanager
def fleet(plan: Plan | None = None) -> Iterator[FleetUnderTest]:
    """Run a fleet in a folder of its own, removed with it unless there is a reason to look at it.

    The folder stays where the block raises, or where it sets `keep`.
    """
    folder = Path(tempfile.mkdtemp(prefix="dbsbm fleet "))
    running = FleetUnderTest(folder, plan)
    try:
        with running:
            yield running
    except BaseException:
        running.keep = True
        raise
    finally:
        if running.keep:
            progress(f"the fleet's logs and rows are kept in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
