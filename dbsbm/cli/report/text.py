"""A report for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from dbsbm.cli.output import table
from dbsbm.monitor.report.model import FindingLine, IncidentLine, Report, Row, Section
from dbsbm.monitor.report.wording import (
    spell,
    spell_change,
    spell_length,
    spell_moment,
    spell_span,
    spell_window,
)

_WIDTH = 100
_DETAIL = 300


def as_text(report: Report) -> str:
    """The report as aligned text, a section after the other."""
    parts = ["\n".join(_opening(report))]
    if not report.is_empty:
        parts += [_section(report, section) for section in report.sections]
    parts += [_incidents(report), _findings(report)]
    return "\n\n".join(parts)


def _opening(report: Report) -> Iterator[str]:
    yield f"{spell_span(report.span)}: {spell_window(report.span)}"
    yield from textwrap.wrap(report.verdict.sentence, _WIDTH)
    for reason in report.verdict.reasons:
        yield from textwrap.wrap(reason, _WIDTH, initial_indent="- ", subsequent_indent="  ")
    if not report.is_empty:
        for window in report.compared:
            if window.measured < 1:
                measured = spell(window.measured, "ratio")
                yield f"The {window.name} was measured for {measured} of its time."


def _section(report: Report, section: Section) -> str:
    if not section.rows:
        return f"{section.title}\n{section.nothing}"
    lead = section.columns[section.lead] if section.lead else ""
    against = [f"{lead} vs {window.name}".strip() for window in report.compared]
    headings = (section.title, *section.columns.values(), *against)
    lines = table(headings, [_cells(report, section, row) for row in section.rows])
    details = [_detail(row) for row in section.rows if row.detail]
    return "\n".join([lines, *details])


def _cells(report: Report, section: Section, row: Row) -> Sequence[str]:
    numbers = [
        spell(row.figures[key].value, row.figures[key].unit) if key in row.figures else "-"
        for key in section.columns
    ]
    lead = row.figures[row.lead]
    changes = [spell_change(lead, index) for index in range(len(report.compared))]
    if not section.lead:
        changes = [f"{section.columns[row.lead]} {change}" for change in changes]
    return row.name, *numbers, *changes


def _detail(row: Row) -> str:
    text = textwrap.shorten(row.detail, _DETAIL, placeholder=" ...")
    return textwrap.fill(
        f"{row.name}: {text}", _WIDTH, initial_indent="  ", subsequent_indent="    "
    )


def _incidents(report: Report) -> str:
    if not report.incidents:
        return "Incidents\nNone."
    headings = ("Incidents", "severity", "began", "lasted", "worst", "limit", "state")
    lines = table(headings, map(_incident, report.incidents))
    changes = [
        f"{spell_change(report.incident_count, index)} ({window.name})"
        for index, window in enumerate(report.compared)
    ]
    count = spell(report.incident_count.value, "count")
    return f"{lines}\nBegan in this span: {count}; {', '.join(changes)}."


def _incident(incident: IncidentLine) -> Sequence[str]:
    return (
        f"{incident.rule} {incident.series}".strip(),
        incident.severity,
        spell_moment(incident.started),
        spell_length(timedelta(seconds=incident.seconds)),
        "-" if incident.worst is None else f"{incident.worst:,.4g} {incident.unit}".strip(),
        f"{incident.threshold:,.4g} {incident.unit}".strip(),
        "goes on" if incident.ended is None else "over",
    )


def _findings(report: Report) -> str:
    found = report.findings
    states = (("open", found.open), ("applied", found.applied), ("gone", found.gone))
    lines = [line for state, each in states for line in _of_state(state, each)]
    at = found.analysed_at
    looked = "Nothing was analysed yet." if at is None else f"Last analysed {spell_moment(at)} UTC."
    return "\n".join(["What the optimizer found", *(lines or ["Nothing."]), looked])


def _of_state(state: str, findings: Iterable[FindingLine]) -> Iterator[str]:
    for finding in findings:
        new = ", new" if finding.is_new else ""
        text = f"{state}{new}, {finding.severity}: {finding.object}. {finding.cause}"
        yield textwrap.fill(
            " ".join(text.split()), _WIDTH, initial_indent="- ", subsequent_indent="  "
        )
