"""When will a disk be full?

Evidence: the space left on the disk of each host, by steps of three hours over two weeks, and the
tables that grew most.

The line and its interval are those of Sen's slope. Silent unless its bounds agree that the space
shrinks, both halves of the time say so (an archive that was unpacked once is no trend), and the
disk would be full within 30 days and within five times the time that was measured.
"""

from __future__ import annotations

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.curves import Curves
from dbsbm.optimizer.fleet.evidence import Evidence
from dbsbm.optimizer.fleet.wording import spell_bytes
from dbsbm.optimizer.missing import present
from dbsbm.optimizer.rules.system.forecast import DAY, Forecast, foretell, line, long_enough
from dbsbm.optimizer.rules.system.keeping import keep_less, undo_keeping_less

NAME = "system.disk"


def examine(evidence: Evidence) -> list[Finding]:
    """Find the disks that fill up."""
    trends = present(evidence.trends)
    found = (
        (curve.labels.get("host", "host"), foretell(curve, 0.0))
        for curve in long_enough(trends, "system.disk_free_bytes")
    )
    return [_finding(trends, host, forecast) for host, forecast in found if forecast is not None]


def _finding(trends: Curves, host: str, forecast: Forecast) -> Finding:
    a_day = -forecast.trend.slope * DAY
    table = _fastest_table(trends)
    name = None if table is None else table[0]
    why = "" if table is None else f" The table {table[0]} grows by {spell_bytes(table[1])} a day."
    return Finding(
        rule=NAME,
        object=f"disk of {host}",
        severity=forecast.severity,
        cause=f"The disk of {host} is full {forecast.text}: {spell_bytes(forecast.trend.level)} "
        f"are left, and it loses {spell_bytes(a_day)} a day.{why}",
        evidence={**forecast.evidence, "fastest_table": name},
        fix=(
            "Enlarge the disk, or look for what grows beside the database, such as its logs.",
            *keep_less(name),
        ),
        revert=undo_keeping_less(name),
        expected_gain=f"No outage {forecast.text}.",
        confidence=0.95,
        risk="low",
    )


def _fastest_table(trends: Curves) -> tuple[str, float] | None:
    """The table that grows most, and by how much a day."""
    lines = ((curve, line(curve)) for curve in trends.of("database.table_bytes"))
    growing = [
        (trend.slope * DAY, curve.labels["table"])
        for curve, trend in lines
        if trend is not None and trend.lower > 0 and "table" in curve.labels
    ]
    if not growing:
        return None
    a_day, table = max(growing)
    return table, a_day
