"""A crew at work on a server of its own, while a fault happens, and the verdict on it."""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.checker.board import Board
from tests.checker.counts import Counts, total
from tests.checker.link import Line, SilentError
from tests.checker.plan import Plan
from tests.checker.proxy import Proxy
from tests.checker.truth import Truth
from tests.servers import CACHE_OPTIONS, ChildProcess, ValkeyServer, start_valkey, wait_until

_ROOT = Path(__file__).parents[2]
_STRIDE_WITHIN = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much a crew does.

    Attributes:
        operations: Reads and writes, at least.
        writes: Writes among them, at least: reads from a process's own memory are many and soon.
        rounds: How often the fault happens, evenly between.
    """

    operations: int
    writes: int
    rounds: int

    def is_done(self, counts: Counts, share: float) -> bool:
        """Tell whether this share of it is done."""
        return counts.operations >= self.operations * share and counts.writes >= self.writes * share


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a scenario.

    Attributes:
        counts: What the readers, writers and the judge counted.
        permanent: What was still wrong when nobody wrote any more, in words.
        settled: Seconds after the last write until every cache served the truth.
        deaths: How many writers died in the middle of a write.
    """

    counts: Counts
    permanent: list[str]
    settled: float
    deaths: int

    @property
    def violations(self) -> list[str]:
        """All that must never be, in words."""
        counts = self.counts
        wrong = counts.late or counts.phantoms or counts.errors
        return [*self.permanent, *(counts.examples if wrong else ())]


class Member:
    """A process of the crew.

    Args:
        name: `reader-0`, `writer-1` or `judge`.
        plan: Of the crew.
    """

    def __init__(self, name: str, plan: Plan) -> None:
        self.name = name
        self.line = Line(plan.socket(name))
        self.process = ChildProcess(
            [sys.executable, "-m", "tests.checker", name, plan.text()],
            cwd=_ROOT,
            log=Path(plan.folder) / f"{name}.log",
        )
        self._crash = plan.crash
        self._before = self._last = Counts()

    def wait(self) -> None:
        """Wait until it can be asked.

        Raises:
            AssertionError: It ended, or was silent; the text is what it printed.
        """

        def is_there() -> bool:
            assert self.process.running, f"{self.name} ended:\n{self.process.log()}"
            return self.line.is_there()

        wait_until(is_there, 60, lambda: f"{self.name} listens\n{self.process.log()}")

    def start(self) -> None:
        """Let it begin."""
        self._before = self._last = Counts()
        self.line.ask("start")

    def counts(self) -> Counts:
        """What it has counted, also before it died; where it cannot be asked, what is known."""
        return self._asked("counts", within=2)

    def stop(self) -> Counts:
        """Have it stop, and return what it counted."""
        return self._asked("stop", within=60)

    def revive(self) -> None:
        """Start the process of a writer again, which died as its plan says."""
        self.process.wait(10)
        self.line.close()
        # It may have lived too shortly to be asked, but how much it wrote is known.
        self._before, self._last = self._before + Counts(writes=self._crash), Counts()
        self.process.start()
        self.wait()
        self.line.ask("start")

    def _asked(self, question: str, within: float) -> Counts:
        try:
            self._last = self.line.ask(question, within=within)
        except SilentError:
            if self.process.running and question == "stop":
                raise
        return self._before + self._last

    def close(self) -> None:
        """End its process."""
        self.line.close()
        self.process.kill()


class Crew:
    """Readers, writers and a judge. Made by `crew`.

    Args:
        plan: What it is made of.
        server: The cache server.
        proxy: What stands before the server, if anything does.
    """

    def __init__(self, plan: Plan, server: ValkeyServer, proxy: Proxy | None) -> None:
        self.plan = plan
        self.server = server
        self.proxy = proxy
        self.readers = [Member(name, plan) for name in plan.reader_names()]
        self.writers = [Member(name, plan) for name in plan.writer_names()]
        self.judge = Member("judge", plan)
        self.deaths = 0

    @property
    def members(self) -> list[Member]:
        """All processes."""
        return [*self.readers, *self.writers, self.judge]

    def start(self) -> None:
        """Start all processes."""
        for member in self.members:
            member.process.start()
        for member in self.members:
            member.wait()

    def run(self, fault: Callable[[Crew], object], effort: Effort) -> Verdict:
        """Work, have the fault happen now and then, and judge.

        Args:
            fault: Makes it happen, and mends it.
            effort: How much is done.
        """
        self.deaths = 0
        for member in self.members:
            member.start()
        for number in range(1, effort.rounds + 1):
            fault(self)
            self._wait_for(effort, number / effort.rounds)
        return self._verdict()

    def close(self) -> None:
        """End all processes."""
        for member in self.members:
            member.close()

    def _wait_for(self, effort: Effort, share: float) -> None:
        def is_done() -> bool:
            for writer in self.writers:
                if writer.process.exit_code == -signal.SIGKILL:
                    self.deaths += 1
                    writer.revive()
            counts = [member.counts() for member in [*self.readers, *self.writers]]
            return effort.is_done(total(counts), share)

        wait_until(is_done, _STRIDE_WITHIN, self._why, interval=0.05)

    def _verdict(self) -> Verdict:
        counts = [writer.stop() for writer in self.writers]
        permanent, settled = self.judge.line.ask("settle", within=self.plan.patience + 30)
        counts += [reader.stop() for reader in self.readers]
        return Verdict(total([*counts, self.judge.stop()]), permanent, settled, self.deaths)

    def _why(self) -> str:
        logs = (f"{member.name}: {member.process.log()[-1500:]}" for member in self.members)
        return "so many operations:\n" + "\n".join(logs)


@contextmanager
def crew(plan: Plan, *, delay: float | None = None) -> Iterator[Crew]:
    """Start a crew on a server of its own; the plan's folder and URL are filled in.

    Args:
        plan: What it is made of.
        delay: Most seconds by which the server's answers are late, see `Proxy`; None for none.
    """
    # A socket's path must be short, which a test's own folder is not.
    folder = Path(tempfile.mkdtemp(prefix="dbsbm-crew-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        server = stack.enter_context(start_valkey(folder / "valkey", *CACHE_OPTIONS))
        proxy = None if delay is None else stack.enter_context(Proxy(server.port, delay))
        url = server.url if proxy is None else proxy.url
        plan = replace(plan, folder=str(folder), cache_url=url)
        Truth.create(plan.database, plan.keys)
        Board.create(plan.board, plan.keys, plan.writers)
        made = Crew(plan, server, proxy)
        stack.callback(made.close)
        made.start()
        yield made
