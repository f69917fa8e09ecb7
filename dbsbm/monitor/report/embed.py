"""A report as a Discord embed: the verdict, what explains it, and a line or two of each section.

Limits: https://discord.com/developers/docs/resources/message#embed-object-embed-limits
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from dbsbm.monitor.report.model import (
    FindingLine,
    IncidentLine,
    Level,
    Report,
    Row,
    Section,
)
from dbsbm.monitor.report.wording import (
    NO_COMPARISON,
    spell,
    spell_change,
    spell_length,
    spell_moment,
    spell_window,
)

COLORS: dict[Level, int] = {
    "well": 0x57F287,
    "attention": 0xFEE75C,
    "unwell": 0xED4245,
    "unknown": 0x99AAB5,
}
_DESCRIPTION, _VALUE, _TEXT, _CAUSE = 1200, 640, 70, 90
_REASONS, _LINES = 5, 3
# Section -> how many of its rows are shown, and which figures of each.
_SHOWN = {
    "response_times": (6, ("p50", "p95")),
    "hit_rates": (4, ("hit_rate", "reads")),
    "statements": (_LINES, ("p95", "share")),
    "endpoints": (_LINES, ("p95", "errors")),
    "errors": (6, ("count", "share")),
    "resources": (6, ("mean", "now", "peak", "growth")),
}


def embed(report: Report, title: str) -> dict[str, Any]:
    """The report as one embed; the picture goes beside it."""
    return {
        "title": title[:256],
        "description": _description(report),
        "color": COLORS[report.verdict.level],
        "fields": list(_fields(report)),
        "footer": {"text": _footer(report)},
    }


def _description(report: Report) -> str:
    reasons = [f"- {_plain(reason)}" for reason in report.verdict.reasons[:_REASONS]]
    if (more := len(report.verdict.reasons) - _REASONS) > 0:
        reasons.append(f"- and {more} more")
    return "\n".join([f"**{_plain(report.verdict.sentence)}**", *reasons])[:_DESCRIPTION]


def _footer(report: Report) -> str:
    against = " and the ".join(window.name for window in report.compared)
    changes = f" · changes against the {against}" if against else ""
    return f"{spell_window(report.span)}{changes}"[:2048]


def _fields(report: Report) -> Iterator[dict[str, Any]]:
    for section in report.sections:
        if section.key in _SHOWN and section.rows and not report.is_empty:
            yield _field(section.title, _section(report, section))
    if report.incidents:
        yield _field("Incidents", list(map(_incident, report.incidents[:_LINES])))
    if lines := list(_findings(report)):
        yield _field("What the optimizer found", lines)


def _field(name: str, lines: Sequence[str]) -> dict[str, Any]:
    """Whole lines as far as there is room."""
    value = ""
    for line in lines:
        if len(value) + len(line) + 1 > _VALUE:
            break
        value += f"{line}\n"
    return {"name": name[:256], "value": value.rstrip() or "-", "inline": False}


def _section(report: Report, section: Section) -> list[str]:
    most, keys = _SHOWN[section.key]
    rows = [row for row in section.rows if section.key != "errors" or _has_any(row)][:most]
    return [_row(report, section, row, keys) for row in rows] or ["none"]


def _has_any(row: Row) -> bool:
    return bool(row.figures[row.lead].value)


def _row(report: Report, section: Section, row: Row, keys: Sequence[str]) -> str:
    numbers = [
        f"{section.columns[key]} **{spell(row.figures[key].value, row.figures[key].unit)}**"
        for key in keys
        if key in row.figures
    ]
    changes = [spell_change(row.figures[row.lead], index) for index in range(len(report.compared))]
    if any(change != NO_COMPARISON for change in changes):
        numbers.append(f"({', '.join(changes)})".replace(NO_COMPARISON, "-"))
    name = row.detail if section.key == "statements" and row.detail else row.name
    return f"{_code(name)} {' '.join(numbers)}"


def _incident(incident: IncidentLine) -> str:
    lasted = spell_length(timedelta(seconds=incident.seconds))
    state = f"goes on for {lasted}" if incident.ended is None else f"lasted {lasted}"
    worst = "" if incident.worst is None else f", worst {incident.worst:,.4g} {incident.unit}"
    return f"{_code(incident.rule)} {state}{_plain(worst).rstrip()}"


def _findings(report: Report) -> Iterator[str]:
    found = report.findings
    for finding in found.open[:_LINES]:
        yield _finding(finding)
    if (more := len(found.open) - _LINES) > 0:
        yield f"and {more} more"
    for state, count in (("applied", len(found.applied)), ("gone", len(found.gone))):
        if count:
            yield f"{count} {state}"
    if found.analysed_at is not None:
        nothing = "" if found.open or found.applied or found.gone else "Nothing. "
        helps = "; `/optimizer` shows what helps" if found.open else ""
        yield f"{nothing}Last analysed {spell_moment(found.analysed_at)} UTC{helps}."


def _finding(finding: FindingLine) -> str:
    new = "new, " if finding.is_new else ""
    return f"{_code(finding.object)} {new}{finding.severity}: {_cause(finding.cause)}"


def _cause(text: str) -> str:
    """As much of a cause as has room: cut between words, before anything is escaped."""
    return _plain(textwrap.shorten(text, _CAUSE, placeholder=" …"))


def _code(text: str) -> str:
    """A text as code in one line: nothing in it is formatted, linked or a mention."""
    bare = " ".join(text.replace("`", "").split())
    return f"`{bare if len(bare) <= _TEXT else bare[: _TEXT - 1] + '…'}`"


def _plain(text: str) -> str:
    """A text in one line that Discord's Markdown leaves as it is."""
    one_line = " ".join(text.split())
    return "".join(f"\\{char}" if char in r"\*_~|`<>[]#@" else char for char in one_line)
