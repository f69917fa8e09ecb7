"""What a fleet under test is made of, and how its supervisor's process learns it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Self

from dbsbm.settings import PROJECT_ROOT
from workers.stack.instance import Instance, Ports, separate_instance
from workers.stack.spec import ProcessSpec

LOOP_LOG = "loop.log"
_FILE = "plan.json"


@dataclass(frozen=True, slots=True)
class Plan:
    """One fleet.

    Attributes:
        schedule: Job -> seconds, in place of the schedule's own; 0 switches a job off.
        database_url: Where it keeps everything; None is SQLite in its folder.
        processes: The only processes that run, by name; None runs all of them.
        beats: How many beats run: `beat`, `beat-2` and so on.
        crowd: How many more members the first guild has, `crowd.0001` and on.
        watch_loop: Whether the bot writes down how late its event loop runs.
        standin: The module that runs the Discord stand-in.
    """

    schedule: dict[str, float] = field(default_factory=dict)
    database_url: str | None = field(default=None, repr=False)
    processes: tuple[str, ...] | None = None
    beats: int = 1
    crowd: int = 0
    watch_loop: bool = False
    standin: str = "dbsbm.sandbox.discord"

    def instance(self, folder: Path) -> Instance:
        """A new instance in a folder, on free ports."""
        made = separate_instance(folder, PROJECT_ROOT, self.schedule)
        if self.database_url is None:
            return made
        return replace(made, overrides={**made.overrides, "DATABASE_URL": self.database_url})

    def specs(self, whole: Sequence[ProcessSpec], folder: Path) -> Iterator[ProcessSpec]:
        """The processes of this plan, made from those of a whole fleet."""
        names = {spec.name for spec in whole if self._runs(spec.name)}
        for spec in whole:
            if spec.name not in names:
                continue
            after = tuple(name for name in spec.after if name in names)
            yield replace(spec, argv=self._argv(spec, folder), after=after)
            if spec.name == "beat":
                yield from (
                    replace(spec, name=f"beat-{number}", after=after)
                    for number in range(2, self.beats + 1)
                )

    def save(self, instance: Instance) -> None:
        """Write the plan and the ports into the instance's folder."""
        file = os.open(instance.folder / _FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(file, "w") as out:
            json.dump({"plan": asdict(self), "ports": asdict(instance.ports)}, out)

    @classmethod
    def load(cls, folder: Path) -> tuple[Self, Instance]:
        """Read what `save` wrote."""
        written = json.loads((folder / _FILE).read_text("utf-8"))
        plan = cls(**written["plan"])
        return plan, replace(plan.instance(folder), ports=Ports(**written["ports"]))

    def _runs(self, name: str) -> bool:
        return self.processes is None or name in self.processes

    def _argv(self, spec: ProcessSpec, folder: Path) -> tuple[str, ...]:
        if spec.name == "discord":
            python, _m, _module, *options = spec.argv
            return (python, "-m", self.standin, *options, "--crowd", str(self.crowd))
        if spec.name == "bot" and self.watch_loop:
            return (sys.executable, "-m", "bench.rig.watched_bot", str(folder / LOOP_LOG))
        return spec.argv
