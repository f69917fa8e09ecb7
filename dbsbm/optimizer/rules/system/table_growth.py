"""Which table grows so fast that it will matter?

Evidence: the sizes of the database's largest tables by steps of three hours over two weeks (of
SQLite the size of the file), and the least space left on a disk of the fleet.

Found where a table of 64 MiB or more surely grows, and doubles within 30 days at the pace of its
line. For your information, unless it alone fills within two weeks what the fullest disk has left:
whether the database lies on that disk, nobody here knows.
"""

from __future__ import annotations

from dbsbm.optimizer.finding import Finding
from dbsbm.optimizer.fleet.curves import Curve, Curves
from dbsbm.optimizer.fleet.evidence import Evidence
from dbsbm.optimizer.fleet.trend import Trend
from dbsbm.optimizer.fleet.wording import spell_between, spell_bytes
from dbsbm.optimizer.missing import present
from dbsbm.optimizer.rules.system.forecast import DAY, HORIZON, line, long_enough
from dbsbm.optimizer.rules.system.keeping import keep_less, undo_keeping_less

NAME = "system.table_growth"

MIN_BYTES = 64 * 1024 * 1024
SOON = 14 * DAY


def examine(evidence: Evidence) -> list[Finding]:
    """Find the tables that double soon."""
    trends = present(evidence.trends)
    name = "database.table_bytes" if trends.of("database.table_bytes") else "database.size_bytes"
    left = _least_left(trends)
    found = ((curve, line(curve)) for curve in long_enough(trends, name))
    return [
        _finding(curve, trend, left)
        for curve, trend in found
        if trend is not None and _is_doubling(trend)
    ]


def _is_doubling(trend: Trend) -> bool:
    is_large = trend.level >= MIN_BYTES
    return is_large and trend.lower > 0 and trend.level / trend.slope <= HORIZON


def _least_left(trends: Curves) -> float | None:
    """The space left on the fullest disk."""
    left = [
        reading.mean
        for curve in trends.of("system.disk_free_bytes")
        for reading in curve.readings[-1:]
    ]
    return min(left, default=None)


def _finding(curve: Curve, trend: Trend, left: float | None) -> Finding:
    table = curve.labels.get("table")
    name = "The database" if table is None else f"The table {table}"
    doubled = (trend.level / trend.upper, trend.level / trend.lower)
    is_soon = left is not None and left / trend.slope <= SOON
    return Finding(
        rule=NAME,
        object="database" if table is None else f"table {table}",
        severity="warning" if is_soon else "info",
        cause=f"{name} has {spell_bytes(trend.level)}, grows by {_pace(trend)} a day "
        f"and doubles in {spell_between(*doubled)}.",
        evidence={
            "bytes": trend.level,
            "bytes_a_day": trend.slope * DAY,
            "least_bytes_a_day": trend.lower * DAY,
            "most_bytes_a_day": trend.upper * DAY,
            "days_measured": trend.seconds / DAY,
            "least_disk_free_bytes": left,
        },
        fix=keep_less(table),
        revert=undo_keeping_less(table),
        expected_gain=f"{spell_bytes(30 * DAY * trend.slope)} a month.",
        confidence=0.95,
        risk="low",
    )


def _pace(trend: Trend) -> str:
    """What it grows by each day, at least and at most."""
    least, most = spell_bytes(trend.lower * DAY), spell_bytes(trend.upper * DAY)
    return least if least == most else f"{least} to {most}"
