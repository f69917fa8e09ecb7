"""A batch as few rows: the largest series of each metric, and one for all the others."""

from __future__ import annotations

from collections import defaultdict

from dbsbm.monitor.counting.handover import Batch
from dbsbm.monitor.counting.series import OTHER, Reading, labels_text, parse_labels

LABEL_SETS_PER_METRIC = 25
"""Series of one metric that are stored; the smaller ones are added up."""


def condense(batch: Batch, limit: int = LABEL_SETS_PER_METRIC) -> list[Reading]:
    """The batch's readings, where each metric keeps the `limit` series with the largest sums.

    Nothing is lost from the totals: what is not kept is added to the series whose labels are all
    `other`. A metric is a name without `.count`, `.sum` and `.max`, which stay together.
    """
    kept = _largest(batch, limit)
    sums: dict[tuple[str, str], float] = defaultdict(float)
    for series, value in batch.sums.items():
        sums[_place(series, kept)] += value
    peaks: dict[tuple[str, str], float] = {}
    for series, value in batch.peaks.items():
        place = _place(series, kept)
        peaks[place] = max(value, peaks.get(place, value))
    return [
        Reading(name, value, labels)
        for values in (sums, peaks)
        for (name, labels), value in sorted(values.items())
    ]


def _largest(batch: Batch, limit: int) -> dict[str, set[str]]:
    """Metric -> the labels of its largest series."""
    weights: dict[str, dict[str, float]] = defaultdict(dict)
    for series, value in batch.sums.items():
        name, labels = _split(series)
        if not name.endswith(".count"):
            weights[_metric(name)][labels] = value
    return {
        metric: set(sorted(by_labels, key=lambda labels: (-by_labels[labels], labels))[:limit])
        for metric, by_labels in weights.items()
    }


def _place(series: str, kept: dict[str, set[str]]) -> tuple[str, str]:
    name, labels = _split(series)
    if labels in kept.get(_metric(name), ()):
        return name, labels
    return name, labels_text((label, OTHER) for label in parse_labels(labels))


def _split(series: str) -> tuple[str, str]:
    name, _, labels = series.partition("|")
    return name, labels


def _metric(name: str) -> str:
    stem, _, last = name.rpartition(".")
    return stem if last in {"count", "sum", "max"} else name
