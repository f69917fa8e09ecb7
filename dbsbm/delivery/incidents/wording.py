"""An incident in words and numbers, the same for Discord and for the webhook."""

from __future__ import annotations

from datetime import datetime

from dbsbm.db.models import Incident

SEVERITIES = {"page": "Page", "warn": "Warning", "info": "Info"}
_ENDS = {"no data": "nothing is measured any more", "rule removed": "its rule was removed"}


def severity(incident: Incident) -> str:
    """The severity as a word."""
    return SEVERITIES.get(incident.severity, incident.severity)


def is_over(incident: Incident) -> bool:
    """Whether it has ended."""
    return incident.resolved_at is not None


def amount(value: float | None, unit: str) -> str:
    """A value with the unit of its rule."""
    return "unknown" if value is None else f"{value:,.4g} {unit}".strip()


def reason_of_end(incident: Incident) -> str:
    """Why it counts as over; empty where things are simply well again."""
    return _ENDS.get(incident.resolution or "", "")


def seconds(incident: Incident) -> float | None:
    """How long it lasted, None while it lasts."""
    if incident.resolved_at is None:
        return None
    return max(0.0, (incident.resolved_at - incident.started_at).total_seconds())


def spoken(length: float) -> str:
    """A length of time in its two largest units, such as `1 h 5 min`."""
    left, parts = round(length), []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
        elif parts:
            break
    return " ".join(parts[:2]) or "less than a second"


def one_line(incident: Incident) -> str:
    """Everything that matters in one line of plain text."""
    limit = amount(incident.threshold, incident.unit)
    worst = amount(incident.worst, incident.unit)
    lasted = seconds(incident)
    if lasted is None:
        state, value = "firing", amount(incident.value, incident.unit)
        figures = f"{value} now, {worst} at worst, the limit is {limit}"
    else:
        state = "resolved"
        figures = f"lasted {spoken(lasted)}, {worst} at worst, the limit is {limit}"
    return f"{severity(incident)}, {state}: {incident.effect} ({incident.rule}: {figures})"


def moment(at: datetime, style: str = "R") -> str:
    """A time that Discord shows in each reader's own zone; `R` is how long ago."""
    return f"<t:{int(at.timestamp())}:{style}>"
