"""The life of an incident: pending, firing, and over again. Pure: no clock, no storage."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from dbsbm.monitor.alerts.forms import Verdict
from dbsbm.monitor.alerts.rule import Rule

Phase = Literal["inactive", "pending", "firing"]
Kind = Literal["pending", "cancelled", "fired", "worse", "resolved"]

# An incident is told of as worse when its worst reading is this much further off the threshold.
WORSE = 2.0


@dataclass(slots=True)
class State:
    """Where one rule stands with one series; small, and kept between evaluations.

    Attributes:
        phase: What it is now.
        since: When the condition began: pending or firing.
        fired_at: When it fired.
        active_at: When the condition last held.
        value: The level now.
        worst: The worst reading of the incident.
        told_worst: The worst reading that was told of.
        calm_since: When the last incident ended.
        judged_at: When this was last judged.
        inhibited: Whether another rule's incident explains this one.
    """

    phase: Phase = "inactive"
    since: float = 0.0
    fired_at: float = 0.0
    active_at: float = 0.0
    value: float | None = None
    worst: float | None = None
    told_worst: float | None = None
    calm_since: float = 0.0
    judged_at: float = 0.0
    inhibited: bool = False

    def as_json(self) -> dict[str, Any]:
        """The state as JSON has it."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> State:
        """Read what `as_json` gave; fields of another version are left out."""
        known = {key: value for key, value in content.items() if key in cls.__slots__}
        return cls(**known)

    def not_after(self, now: float) -> State:
        """The state without times that only a clock that was ahead can have told.

        Nothing would be judged, and no reading be counted, until these times have come.
        """
        return replace(
            self,
            since=min(self.since, now),
            fired_at=min(self.fired_at, now),
            active_at=min(self.active_at, now),
            calm_since=min(self.calm_since, now),
            judged_at=0.0 if self.judged_at > now else self.judged_at,
        )


@dataclass(frozen=True, slots=True)
class Transition:
    """Something that happened to an incident.

    Attributes:
        kind: What happened.
        rule: The rule.
        series: The series.
        at: When, Unix seconds.
        since: When the condition began.
        value: The level at that moment.
        worst: The worst reading so far.
        reason: Of what was resolved: `recovered`, `no data` or `rule removed`.
        inhibited: True where nothing is to be told of it.
    """

    kind: Kind
    rule: Rule
    series: str
    at: float
    since: float
    value: float | None
    worst: float | None
    reason: str = ""
    inhibited: bool = False


def step(
    rule: Rule,
    state: State,
    verdict: Verdict,
    now: float,
    last_reading: float | None,
) -> tuple[Kind, str] | None:
    """Move a state on and say what happened, with the reason.

    Args:
        rule: The rule.
        state: Changed in place.
        verdict: What the readings say.
        now: Unix seconds.
        last_reading: When the newest reading was taken; None where there is none.
    """
    state.judged_at = now
    if verdict.value is not None:
        state.value = verdict.value
    if state.phase == "firing":
        return _step_firing(rule, state, verdict, now, last_reading)
    if not verdict.breached:
        was_pending, state.phase = state.phase == "pending", "inactive"
        return ("cancelled", "") if was_pending else None
    if state.phase == "inactive":
        state.since = min(verdict.since or now, now)
    if now - state.since >= rule.hold:
        state.phase, state.fired_at, state.active_at = "firing", now, now
        return "fired", ""
    is_new = state.phase == "inactive"
    state.phase = "pending"
    return ("pending", "") if is_new else None


def note_worst(rule: Rule, state: State, worst: float | None) -> bool:
    """Keep the worst reading of an incident; True where it is so much worse that it is told of."""
    state.worst = rule.worse(state.worst, worst)
    if state.told_worst is None:
        state.told_worst = state.worst
        return False
    if state.worst is None:
        return False
    before = abs(state.told_worst - rule.threshold)
    if before > 0 and abs(state.worst - rule.threshold) >= WORSE * before:
        state.told_worst = state.worst
        return True
    return False


def _step_firing(
    rule: Rule, state: State, verdict: Verdict, now: float, last_reading: float | None
) -> tuple[Kind, str] | None:
    if verdict.active:
        state.active_at = now
        return None
    if verdict.active is None:
        newest = max(state.fired_at, last_reading or 0.0)
        return _end(state, now, "no data") if now - newest >= rule.stale else None
    if now - state.active_at >= rule.keep_firing:
        return _end(state, now, "recovered")
    return None


def _end(state: State, now: float, reason: str) -> tuple[Kind, str]:
    state.phase, state.calm_since = "inactive", now
    return "resolved", reason
