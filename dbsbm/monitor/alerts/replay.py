"""Replays: the incidents that rules would have raised over a recording, by the engine itself."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dbsbm.monitor.alerts.engine import Engine
from dbsbm.monitor.alerts.lifecycle import Transition
from dbsbm.monitor.alerts.recording import Recording
from dbsbm.monitor.alerts.restarts import restarts_of
from dbsbm.monitor.alerts.rule import Rule

# Seconds between two evaluations: a third of the live ones', for recordings finer than a minute.
TICK = 10.0
MEMORY = "memory_mb"


@dataclass(slots=True)
class Replayed:
    """An incident of a replay. Times are Unix seconds.

    Attributes:
        rule: The rule's name.
        series: The series' name in the recording.
        started: When it fired.
        onset: When the condition began, as known when it fired.
        resolved: When it was over, None where it still fires at the end of the recording.
        worst: The worst reading.
        messages: How many messages would have been posted; changes edit them.
    """

    rule: str
    series: str
    started: float
    onset: float
    resolved: float | None
    worst: float | None
    messages: int

    def as_json(self) -> dict[str, Any]:
        """The incident as the command prints it."""
        return {
            "rule": self.rule,
            "series": self.series,
            "started": _second(self.started),
            "resolved": None if self.resolved is None else _second(self.resolved),
            "worst": self.worst,
            "messages": self.messages,
        }


@dataclass(slots=True)
class Replay:
    """What a replay found.

    Attributes:
        incidents: In the order in which they fired.
        rows: Rows that were read.
        refused: Rows that were left out, by reason.
        unused: Series that no rule looks at.
    """

    incidents: list[Replayed] = field(default_factory=list)
    rows: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    unused: list[str] = field(default_factory=list)


def replay(rules: Sequence[Rule], recording: Recording) -> Replay:
    """Run rules over a recording, evaluated every ten seconds from its first row to its last."""
    engine = Engine(rules)
    meant = {
        series: [rule for rule in engine.rules.values() if _is_meant(rule, series)]
        for series in recording.series
    }
    found = Replay(
        rows=recording.rows,
        refused=dict(recording.refused),
        unused=sorted(series for series, its in meant.items() if not its),
    )
    open_incidents: dict[tuple[str, str], Replayed] = {}
    for now in _run(engine, recording, meant):
        for change in engine.evaluate(now):
            _follow(change, open_incidents, found.incidents)
    return found


def _run(
    engine: Engine, recording: Recording, meant: Mapping[str, Sequence[Rule]]
) -> Iterator[float]:
    """Feed what was recorded up to each moment, and name the moment."""
    restarts = restarts_of(recording.readings(MEMORY)) if MEMORY in recording.series else []
    cursors = {series: 0 for series, rules in meant.items() if rules}
    gaps_are_quiet = all(rule.form != "absence" for rules in meant.values() for rule in rules)
    now = math.floor(recording.start / TICK) * TICK
    while now < recording.end:
        now += TICK
        for series, begin in cursors.items():
            stop = recording.position(series, now, begin)
            if stop > begin:
                readings = recording.readings(series, begin, stop)
                for rule in meant[series]:
                    engine.feed(rule.name, series, readings)
                cursors[series] = stop
        while restarts and restarts[0].seen_at <= now:
            engine.restarted(restarts.pop(0).after)
        yield now
        if gaps_are_quiet and engine.is_quiet():
            now = max(now, _next_row(recording, cursors) - TICK)


def _next_row(recording: Recording, cursors: Mapping[str, int]) -> float:
    """The tick before the next row: nothing happens in a gap while nothing fires."""
    rows = [recording.time(series, position) for series, position in cursors.items()]
    return math.ceil(min(recording.end, *rows) / TICK) * TICK if rows else recording.end


def _follow(
    change: Transition, open_incidents: dict[tuple[str, str], Replayed], found: list[Replayed]
) -> None:
    key = change.rule.name, change.series
    if change.kind == "fired":
        incident = Replayed(
            rule=change.rule.name,
            series=change.series,
            started=change.at,
            onset=change.since,
            resolved=None,
            worst=change.worst,
            messages=0 if change.inhibited else 1,
        )
        open_incidents[key] = incident
        found.append(incident)
    elif key in open_incidents:
        open_incidents[key].worst = change.worst
        if change.kind == "resolved":
            open_incidents.pop(key).resolved = change.at


def _is_meant(rule: Rule, series: str) -> bool:
    """A series is a rule's by its name in recordings, or by its metric, with labels or without."""
    return series == rule.signal.csv or series.partition("{")[0] == rule.signal.metric


def _second(at: float) -> float:
    return int(at) if at == int(at) else at
