"""What a proof of the fleet found, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one step went.

    Attributes:
        name: The step.
        ok: Whether what it promises was seen.
        ms: Milliseconds it took.
        detail: What was seen; for a step that failed also which log to read.
    """

    name: str
    ok: bool
    ms: int
    detail: str


def is_good(outcomes: Sequence[Outcome]) -> bool:
    """True where there are steps and all of them went well."""
    return bool(outcomes) and all(outcome.ok for outcome in outcomes)


def as_json(outcomes: Sequence[Outcome]) -> str:
    """One JSON object in one line: `ok`, and `steps` with name, ok, ms and detail."""
    steps = [asdict(outcome) for outcome in outcomes]
    return json.dumps({"ok": is_good(outcomes), "steps": steps}, ensure_ascii=False)


def as_table(outcomes: Sequence[Outcome]) -> str:
    """A line for each step, and one for all."""
    width = max((len(outcome.name) for outcome in outcomes), default=0)
    lines = [
        f"{'ok' if outcome.ok else 'FAILED':<8}{outcome.name:<{width}}{outcome.ms / 1000:8.1f} s  "
        f"{outcome.detail}"
        for outcome in outcomes
    ]
    verdict = "All of it works." if is_good(outcomes) else "Not all of it works."
    return "\n".join([*lines, verdict])
