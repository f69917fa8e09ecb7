"""The sections: what can be looked at without naming a thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dbsbm.dashboard.reading.charts import Chart
from dbsbm.dashboard.views.blocks import Block, chart_block, table_block
from dbsbm.dashboard.views.charts import CACHE, CALLS, QUERIES, SYSTEM, TASKS


@dataclass(frozen=True, slots=True)
class Section:
    """One section.

    Attributes:
        id: Its path.
        title: In the navigation.
        charts: From top to bottom.
        before: Tables above the charts.
        tables: Tables below them.
    """

    id: str
    title: str
    charts: tuple[Chart, ...] = ()
    before: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()

    def view(self) -> dict[str, Any]:
        """The page, as JSON can hold it."""
        blocks: list[Block] = [
            *(table_block(name) for name in self.before),
            *self._charts(),
            *(table_block(name) for name in self.tables),
        ]
        return {"title": self.title, "blocks": blocks}

    def _charts(self) -> list[Block]:
        """Two beside each other; of an odd number the first, which matters most, is wide."""
        blocks = [chart_block(chart) for chart in self.charts]
        if len(blocks) % 2:
            blocks[0]["wide"] = True
        return blocks


SECTIONS = {
    section.id: section
    for section in (
        Section("health", "Health", before=("incidents",)),
        Section("tasks", "Tasks", TASKS, tables=("tasks", "dead-letters", "jobs", "commands")),
        Section("queries", "Queries", QUERIES, tables=("statements",)),
        Section("calls", "API", CALLS, tables=("endpoints", "routes")),
        Section("cache", "Cache", CACHE, tables=("categories", "cleanups")),
        Section("system", "System", SYSTEM, tables=("processes",)),
        Section("alerts", "Alerts", before=("incidents", "silences", "past-incidents", "changes")),
        Section(
            "findings",
            "Findings",
            before=("last-analysis", "findings", "not-looked-at", "past-findings", "analyses"),
        ),
    )
}
