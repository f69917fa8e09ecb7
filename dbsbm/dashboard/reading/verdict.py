"""One sentence: is the fleet well? And why not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

Level = Literal["well", "attention", "unwell", "unknown"]
_GRAVITY: tuple[Level, ...] = ("well", "attention", "unknown", "unwell")

FRESH = timedelta(minutes=3)
BEAT_SILENCE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the fleet is not simply well.

    Attributes:
        level: How grave.
        text: One sentence.
        href: The page that says more.
    """

    level: Level
    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Firing:
    """An incident that goes on.

    Attributes:
        id: Its number.
        severity: page, warn or info.
        rule: The rule's name.
        series: What it is about.
        effect: What somebody feels.
        is_acknowledged: Somebody looks after it.
    """

    id: int
    severity: str
    rule: str
    series: str
    effect: str
    is_acknowledged: bool


@dataclass(frozen=True, slots=True)
class Vitals:
    """What the verdict is made of.

    Attributes:
        now: When this was read.
        last_sample: The newest point of the history.
        last_slot: When beat's newest slot was due.
        dead_letters: Those that nobody replayed.
        late_effects: Answers that should have gone out minutes ago.
        critical_findings: Open ones.
        firing: Incidents that go on.
    """

    now: datetime
    last_sample: datetime | None
    last_slot: datetime | None
    dead_letters: int
    late_effects: int
    critical_findings: int
    firing: Sequence[Firing]


def verdict(vitals: Vitals) -> dict[str, Any]:
    """Level, sentence and reasons, the gravest first, as JSON can hold them."""
    reasons = [*_silences(vitals), *_incidents(vitals), *_leftovers(vitals)]
    reasons.sort(key=lambda reason: -_GRAVITY.index(reason.level))
    level: Level = reasons[0].level if reasons else "well"
    return {
        "level": level,
        "sentence": _SENTENCES[level],
        "reasons": [
            {"level": each.level, "text": each.text, "href": each.href} for each in reasons
        ],
    }


_SENTENCES: dict[Level, str] = {
    "well": "The fleet is well.",
    "attention": "The fleet works, and needs attention.",
    "unwell": "The fleet is not well.",
    "unknown": "Nobody knows how the fleet is.",
}


def _silences(vitals: Vitals) -> Iterator[Reason]:
    if vitals.last_sample is None:
        yield Reason(
            "unknown",
            "Nothing has been measured yet: the first numbers come within two minutes of the "
            "start, unless ENABLE_PERFORMANCE_MONITORING is off.",
            "/system",
        )
    elif (age := vitals.now - vitals.last_sample) > FRESH:
        yield Reason(
            "unwell",
            f"The newest numbers are {spoken(age)} old: no monitor is at work. "
            "Everything below is what was, not what is.",
            "/tasks",
        )
    if vitals.last_slot is not None and (age := vitals.now - vitals.last_slot) > BEAT_SILENCE:
        yield Reason(
            "unwell", f"Beat has been silent for {spoken(age)}: nothing runs by itself.", "/tasks"
        )


def _incidents(vitals: Vitals) -> Iterator[Reason]:
    levels: dict[str, Level] = {"page": "unwell", "warn": "attention"}
    for each in vitals.firing:
        if level := levels.get(each.severity):
            about = f" ({each.series})" if each.series else ""
            taken = " Acknowledged." if each.is_acknowledged else ""
            yield Reason(
                level, f"{each.effect}{about}.{taken}".replace("..", "."), f"/alerts/{each.id}"
            )


def _leftovers(vitals: Vitals) -> Iterator[Reason]:
    if vitals.dead_letters:
        are = "dead letter waits" if vitals.dead_letters == 1 else "dead letters wait"
        text = f"{vitals.dead_letters} {are} for somebody to mend the cause and replay them."
        yield Reason("attention", text, "/tasks#dead-letters")
    if vitals.late_effects:
        are = "answer is" if vitals.late_effects == 1 else "answers are"
        yield Reason(
            "attention", f"{vitals.late_effects} {are} more than five minutes late.", "/tasks"
        )
    if vitals.critical_findings:
        are = "finding is" if vitals.critical_findings == 1 else "findings are"
        text = f"{vitals.critical_findings} of the optimizer's {are} critical."
        yield Reason("attention", text, "/findings")


def spoken(age: timedelta) -> str:
    """A length of time in its largest unit, such as `3 minutes`."""
    seconds = age.total_seconds()
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {unit}{'s' if count != 1 else ''}"
    return f"{seconds:.0f} seconds"
