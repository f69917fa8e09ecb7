"""A report for programs. Its shape is promised in docs/operators.md; keys are only ever added."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from dbsbm.monitor.report.model import Figure, Report, Row, Section, Trend, Window


def as_json(report: Report) -> dict[str, Any]:
    """The report as JSON can hold it: times are ISO 8601, lengths are seconds, shares 0 to 1."""
    names = [window.name.replace(" ", "_") for window in report.compared]
    return {
        "version": 1,
        "span": _window(report.span),
        "compared": {
            name: _window(each) for name, each in zip(names, report.compared, strict=True)
        },
        "made_at": report.made_at.isoformat(),
        "verdict": asdict(report.verdict),
        "headline": {key: _figure(each, names) for key, each in report.headline.items()},
        "sections": {section.key: _section(section, names) for section in report.sections},
        "incidents": {
            "count": _figure(report.incident_count, names),
            "list": _plain([asdict(each) for each in report.incidents]),
        },
        "findings": _plain(asdict(report.findings)),
        "trends": {trend.key: _trend(trend) for trend in report.trends},
    }


def _window(window: Window) -> dict[str, Any]:
    return {
        "since": window.since.isoformat(),
        "until": window.until.isoformat(),
        "measured": round(window.measured, 4),
    }


def _figure(figure: Figure, names: list[str]) -> dict[str, Any]:
    return {
        "value": figure.value,
        "unit": figure.unit,
        "samples": figure.samples,
        "before": dict(zip(names, figure.before, strict=False)),
    }


def _section(section: Section, names: list[str]) -> list[dict[str, Any]]:
    return [_row(row, names) for row in section.rows]


def _row(row: Row, names: list[str]) -> dict[str, Any]:
    figures = {key: _figure(each, names) for key, each in row.figures.items()}
    return {"name": row.name, "detail": row.detail, "figures": figures}


def _trend(trend: Trend) -> dict[str, Any]:
    return {
        "title": trend.title,
        "unit": trend.unit,
        "step": trend.step,
        "starts": [at.isoformat() for at in trend.starts],
        "lines": [{"name": line.name, "values": list(line.values)} for line in trend.lines],
    }


def _plain(value: Any) -> Any:
    """The same with times as text."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value
