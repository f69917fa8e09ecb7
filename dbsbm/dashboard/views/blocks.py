"""The parts of a page, as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dbsbm.dashboard.reading.charts import Chart
from dbsbm.dashboard.reading.tables import ColumnUnit
from dbsbm.dashboard.views.tables import TABLES
from dbsbm.optimizer.finding import is_runnable

Block = dict[str, Any]
Fact = tuple[str, Any, ColumnUnit]
"""A name, a value, and how the value is shown."""


def chart_block(chart: Chart, where: Mapping[str, str] | None = None) -> Block:
    """A place for a chart; its numbers come by a request of their own."""
    return {
        "kind": "chart",
        "id": chart.id,
        "title": chart.title,
        "about": chart.about,
        "unit": chart.unit,
        "bars": chart.bars,
        "where": dict(where or {}),
    }


def table_block(name: str, where: Mapping[str, str] | None = None) -> Block:
    """A place for a table; its rows come by a request of their own."""
    table = TABLES[name]
    return {
        "kind": "table",
        "id": table.id,
        "title": table.title,
        "about": table.about,
        "columns": [{"title": each.title, "unit": each.unit} for each in table.columns],
        "empty": table.empty,
        "where": dict(where or {}),
    }


def code_block(title: str, text: str) -> Block:
    """SQL, a plan, or JSON."""
    return {"kind": "code", "title": title, "text": text}


def facts_block(*facts: Fact) -> Block:
    """Pairs of a name and a value; those without a value are left out."""
    return {
        "kind": "facts",
        "facts": [
            {"title": title, "value": value, "unit": unit}
            for title, value, unit in facts
            if value is not None
        ],
    }


def list_block(title: str, lines: list[str]) -> Block:
    """Sentences below each other."""
    return {"kind": "list", "title": title, "lines": lines}


def advice_block(title: str, lines: Sequence[str]) -> Block:
    """What to do, each line alone: what can be run is code to be copied, the rest sentences."""
    advice = [{"text": line, "code": is_runnable(line)} for line in lines]
    return {"kind": "advice", "title": title, "lines": advice}
