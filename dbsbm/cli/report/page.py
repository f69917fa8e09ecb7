"""A report as one HTML file that needs nothing else: no network, no scripts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from dbsbm.monitor.report.chart.drawing import draw_drawing
from dbsbm.monitor.report.model import Figure, Report, Trend
from dbsbm.monitor.report.wording import (
    judge_change,
    spell,
    spell_change,
    spell_length,
    spell_moment,
    spell_span,
    spell_window,
)

TILES = {
    "tasks_per_minute": "Tasks",
    "hit_rate": "Cache hits",
    "memory": "Memory",
    "failures": "Task failures",
    "incidents": "Incidents",
}


def as_page(report: Report) -> str:
    """The report as a page, light or dark as its reader's system is."""
    page = _environment().get_template("page.html")
    trends = [] if report.is_empty else report.trends
    drawings = [(trend, _drawing(trend)) for trend in trends]
    found = report.findings
    states = (("open", found.open), ("applied", found.applied), ("gone", found.gone))
    findings = [(state, finding) for state, each in states for finding in each]
    tiles = {"p95": f"{trends[0].title}, p95", **TILES} if trends else {}
    return page.render(report=report, tiles=tiles, drawings=drawings, findings=findings)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(_filters())
    environment.globals |= {"change": spell_change, "judged": _judged}
    return environment


def _filters() -> dict[str, Callable[[Any], str]]:
    return {
        "spell": lambda figure: spell(figure.value, figure.unit),
        "length": lambda seconds: spell_length(timedelta(seconds=seconds)),
        "moment": spell_moment,
        "number": lambda value: "-" if value is None else f"{value:,.4g}",
        "share": lambda value: spell(value, "ratio"),
        "span": spell_span,
        "window": spell_window,
    }


def _judged(figure: Figure, index: int) -> str:
    return judge_change(figure, index) or "even"


def _drawing(trend: Trend) -> Markup:
    # It is drawn here, of numbers and of names that matplotlib escapes.
    return Markup(draw_drawing(trend))  # noqa: S704
