"""`/status`: whether the fleet is well, in ten seconds' reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dbsbm.commands.reply import Reply
from dbsbm.health import WorkerPulse

GREEN, AMBER = 0x57F287, 0xFEE75C
SILENT = 60.0


@dataclass(frozen=True, slots=True)
class FleetState:
    """What `/status` shows.

    Attributes:
        pulses: The last canary of each worker.
        queues: Waiting tasks by queue.
        inbox: Commands not yet handled.
        effects: Effects promised and not yet done.
        dead: Dead letters nobody replayed.
        last_slot: When beat's newest slot was due, None where there is none.
        hit_rates: Share of cache reads that hit, by category, with the number of reads.
        now: When this was read.
    """

    pulses: Sequence[WorkerPulse]
    queues: Mapping[str, int]
    inbox: int
    effects: int
    dead: int
    last_slot: datetime | None
    hit_rates: Mapping[str, tuple[float, int]]
    now: datetime

    @property
    def problems(self) -> list[str]:
        """What is not well, one sentence each."""
        found = [
            f"Worker {pulse.node} has been silent for {pulse.age:.0f} s."
            for pulse in self.pulses
            if pulse.age > SILENT
        ]
        if not self.pulses:
            found.append("No worker has reported yet.")
        if self.last_slot is None or (self.now - self.last_slot).total_seconds() > SILENT:
            found.append("Beat is silent.")
        if self.dead:
            found.append(f"{self.dead} dead letters wait: `python -m dbsbm deadletters list`.")
        return found


def show(state: FleetState) -> Reply:
    """The state as one embed."""
    problems = state.problems
    workers = "\n".join(
        f"`{p.node.partition('@')[0]}` {p.milliseconds:.0f} ms, {p.age:.0f} s ago"
        for p in state.pulses
    )
    queues = "\n".join(f"`{name}` {count}" for name, count in state.queues.items())
    rates = "\n".join(
        f"`{name}` {rate:.0%} of {reads}" for name, (rate, reads) in state.hit_rates.items()
    )
    beat = "none yet" if state.last_slot is None else f"<t:{int(state.last_slot.timestamp())}:R>"
    embed = {
        "title": "All is well" if not problems else "Needs attention",
        "description": "\n".join(problems)[:4096],
        "color": AMBER if problems else GREEN,
        "fields": [
            _field("Workers (canary through the pool)", workers),
            _field("Waiting tasks", queues),
            _field("Unfinished", f"{state.inbox} commands, {state.effects} effects"),
            _field("Last slot of beat", beat),
            _field("Cache hits, last hour", rates),
        ],
    }
    return Reply(embeds=(embed,))


def _field(name: str, value: str) -> dict[str, str | bool]:
    return {"name": name, "value": value[:1024] or "none", "inline": True}
