"""The groups of a metric that took the most time, with what each is of the whole."""

from __future__ import annotations

from collections.abc import Iterable

from dbsbm.monitor.report.model import Figure
from dbsbm.monitor.report.reader import Found, Key, Reader, ratio

MOST_ROWS = 10


def largest(reader: Reader, name: str, *labels: str) -> list[tuple[Key, Found]]:
    """Those of the span, the one that took the most time first."""
    found = [(key, each) for key, each in reader.by(name, *labels).items() if each.now is not None]
    return sorted(found, key=lambda pair: -pair[1].totals()[0])[:MOST_ROWS]


def share(reader: Reader, name: str, found: Found) -> Figure:
    """What part of all the time a group took."""
    figure = ratio(found.totals(), reader.all(name).totals(), "neither")
    # The whole is a time here, so it says nothing about how many observations there were.
    return Figure(figure.value, "ratio", found.counts()[0], (None,) * len(figure.before))


def summed(found: Iterable[Found], windows: int) -> list[float]:
    """Observations of several groups, window by window."""
    columns = zip([0.0] * windows, *(each.counts() for each in found), strict=True)
    return [sum(column) for column in columns]
