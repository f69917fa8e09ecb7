"""The faults under which nothing may stay stale, by name."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import cycle
from types import TracebackType
from typing import Self

from tests.checker.crew import Crew, Effort, Verdict, crew
from tests.checker.plan import Plan

USUAL = Plan()

_FREEZE = 1.2
_JUMPS = cycle((86_400.0, -86_400.0, 0.7, 0.0))


@dataclass(frozen=True, slots=True)
class Scenario:
    """One fault, and a crew that shows what it does.

    Attributes:
        name: What happens, in words.
        fault: Makes it happen and mends it.
        plan: What the crew is made of.
        delay: Most seconds by which answers of the server are late; None for no proxy before it.
    """

    name: str
    fault: Callable[[Crew], object]
    plan: Plan = USUAL
    delay: float | None = None


class Stage:
    """Crews for scenarios: those that are alike share one. A context manager."""

    def __init__(self) -> None:
        self._crews: dict[tuple[Plan, float | None], Crew] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    def run(self, scenario: Scenario, effort: Effort) -> Verdict:
        """Have a crew do so much while a scenario's fault happens, and judge."""
        wanted = scenario.plan, scenario.delay
        if wanted not in self._crews:
            made = crew(scenario.plan, delay=scenario.delay)
            self._crews[wanted] = self._stack.enter_context(made)
        return self._crews[wanted].run(scenario.fault, effort)


def _alone(kind: str) -> Plan:
    """One process that reads: what another one stores would put it right."""
    return Plan(readers=(kind,), threads=4, read_back=False, pause=0.002)


def _nothing(_: Crew) -> None:
    """The crew's own plan is the fault."""


def _kill_tracking(working: Crew) -> None:
    with closing(working.server.client()) as client:
        for connection in client.client_list():
            if "t" in connection["flags"]:
                client.client_kill_filter(_id=connection["id"])


def _silence_tracking(working: Crew) -> None:
    assert working.proxy is not None
    working.proxy.silence_pushes()


def _freeze_server(working: Crew) -> None:
    working.server.freeze()
    time.sleep(_FREEZE)  # the fault itself: how long the server hangs
    working.server.thaw()


def _freeze_clients(working: Crew) -> None:
    frozen = [working.readers[0].process, working.writers[0].process]
    for process in frozen:
        process.freeze()
    time.sleep(_FREEZE)
    for process in frozen:
        process.thaw()


def _flush(working: Crew) -> None:
    with closing(working.server.client()) as client:
        client.flushall()


def _restart_server(working: Crew) -> None:
    working.server.kill()
    working.server.start()


def _jump_clocks(working: Crew) -> None:
    for reader in working.readers:
        reader.line.ask("jump", next(_JUMPS))


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("two writers", _nothing, Plan(pause=0.002)),
        Scenario("fill race", _nothing, _alone("threads"), delay=0.005),
        Scenario("fill race of coroutines", _nothing, _alone("coroutines"), delay=0.005),
        Scenario("killed tracking connection", _kill_tracking),
        Scenario("silent tracking connection", _silence_tracking, delay=0.0),
        Scenario("frozen server", _freeze_server),
        Scenario("frozen clients", _freeze_clients, Plan(guarded_only=True)),
        Scenario("FLUSHALL", _flush),
        Scenario("server restart", _restart_server),
        Scenario("clock jump", _jump_clocks),
        Scenario("slow loader", _nothing, Plan(load=0.03)),
        Scenario("rollback", _nothing, Plan(rollbacks=0.5, guarded_only=True)),
        Scenario(
            "crash between commit and release",
            _nothing,
            Plan(crash=60, guarded_only=True, guard_ms=300),
        ),
    )
}
"""Each by its name."""
