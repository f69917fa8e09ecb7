"""One sentence: how the fleet was. And why it was not simply well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from dbsbm.monitor.report.model import (
    Figure,
    Findings,
    IncidentLine,
    Level,
    Section,
    Verdict,
    Window,
)
from dbsbm.monitor.report.wording import plural, spell, spell_change, spell_length, spell_window

_GRAVITY: tuple[Level, ...] = ("well", "attention", "unknown", "unwell")
_OPENINGS: Mapping[Level, str] = {
    "well": "The fleet was well",
    "attention": "The fleet worked, and needs attention",
    "unwell": "The fleet is not well",
}

LOWEST_HIT_RATE = 0.8
MOST_FAILURES = 0.01
MIN_SAMPLES = 100
"""Fewer observations than this make no reason of a share."""
SLOWER = 1.5
"""Times as slow as in a window before."""
FELT_SECONDS = 0.5
"""Nobody minds that something became slower, as long as it takes less than this."""
MEASURED_ENOUGH = 0.9


@dataclass(frozen=True, slots=True)
class Seen:
    """What the verdict is made of."""

    span: Window
    compared: Sequence[Window]
    headline: Mapping[str, Figure]
    sections: Sequence[Section]
    incidents: Sequence[IncidentLine]
    findings: Findings


def verdict(seen: Seen) -> Verdict:
    """Level, sentence and reasons, the gravest first."""
    if not seen.span.measured:
        return Verdict("unknown", f"Nothing was measured from {spell_window(seen.span)}.")
    found = [*_incidents(seen), *_slower(seen), *_shares(seen), *_leftovers(seen)]
    found.sort(key=lambda reason: -_GRAVITY.index(reason[0]))
    level = found[0][0] if found else "well"
    reasons = [text for _, text in found]
    numbers = _numbers(seen)
    said = f"{_OPENINGS[level]}: {numbers}." if numbers else f"{_OPENINGS[level]}."
    return Verdict(level, said, reasons)


def _numbers(seen: Seen) -> str:
    """The few numbers that the sentence names."""
    parts = []
    p95 = seen.headline["p95"]
    if p95.value is not None:
        parts.append(f"95 % of {_what(seen)} within {spell(p95.value, 'seconds')}")
    hit_rate = seen.headline["hit_rate"]
    if hit_rate.value is not None:
        parts.append(f"{spell(hit_rate.value, 'ratio')} cache hits")
    parts.append(plural(seen.headline["failures"].value or 0, "task failure"))
    parts.append(plural(seen.headline["incidents"].value or 0, "incident"))
    return ", ".join(parts)


def _what(seen: Seen) -> str:
    timed = [row.name for section in seen.sections[:1] for row in section.rows]
    return "answers" if "command to answer" in timed else "task runs"


def _incidents(seen: Seen) -> Iterator[tuple[Level, str]]:
    for each in seen.incidents:
        if each.severity == "info":
            continue
        about = f" ({each.series})" if each.series else ""
        lasted = spell_length(timedelta(seconds=each.seconds))
        if each.ended is None:
            level: Level = "unwell" if each.severity == "page" else "attention"
            yield level, f"Goes on for {lasted}: {each.rule}{about}. {each.effect}"
        else:
            yield "attention", f"Is over, lasted {lasted}: {each.rule}{about}. {each.effect}"


def _slower(seen: Seen) -> Iterator[tuple[Level, str]]:
    figure = seen.headline["p95"]
    for index, before in enumerate(figure.before):
        if figure.value is None or not before or figure.value < max(FELT_SECONDS, SLOWER * before):
            continue
        what, change = _what(seen), spell_change(figure, index)
        took = f"95 % of {what} took up to {spell(figure.value, 'seconds')}"
        yield "attention", f"{took}: {change} against the {seen.compared[index].name}."
        return


def _shares(seen: Seen) -> Iterator[tuple[Level, str]]:
    hit_rate, failures = seen.headline["hit_rate"], seen.headline["failure_share"]
    if _is_known(hit_rate) and (hit_rate.value or 0.0) < LOWEST_HIT_RATE:
        yield "attention", f"The cache answered only {spell(hit_rate.value, 'ratio')} of its reads."
    if _is_known(failures) and (failures.value or 0.0) >= MOST_FAILURES:
        yield "attention", f"{spell(failures.value, 'ratio')} of the tasks failed."


def _is_known(figure: Figure) -> bool:
    return figure.value is not None and figure.samples >= MIN_SAMPLES


def _leftovers(seen: Seen) -> Iterator[tuple[Level, str]]:
    if letters := seen.headline["dead_letters"].value:
        wait = "waits" if letters == 1 else "wait"
        yield "attention", f"{plural(letters, 'dead letter')} {wait} to be replayed."
    if critical := sum(each.severity == "critical" for each in seen.findings.open):
        are = "is" if critical == 1 else "are"
        yield "attention", f"{plural(critical, 'finding')} of the optimizer {are} critical."
    if seen.span.measured < MEASURED_ENOUGH:
        yield (
            "attention",
            f"Only {spell(seen.span.measured, 'ratio')} of the time was measured.",
        )
