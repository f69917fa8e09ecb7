"""Totals by one label alone, kept beside a metric's label sets because they are asked for often.

`task.wait by queue` is to `task.wait` what a recording rule of Prometheus is to its metric: a
metric of its own, with a series for each queue however many tasks wait in it. Whoever reads
`task.wait` does not see it, and so cannot count anything twice.
"""

from __future__ import annotations

from dbsbm.monitor.catalogue import METRICS

_BY = " by "


def splits_of(name: str) -> tuple[str, ...]:
    """The labels by which totals of a metric are kept."""
    metric = METRICS.get(name)
    return metric.splits if metric else ()


def split_name(name: str, label: str) -> str:
    """The metric that holds the totals of another one by a label."""
    return f"{name}{_BY}{label}"


def is_split(name: str) -> bool:
    """True for the name of such totals."""
    return _BY in name
