"""A minute as few series: the largest of each metric, one for all the others, and the total."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from dbsbm.monitor.counting.series import (
    Kind,
    labels_text,
    others_text,
    parse_labels,
    read_series,
)
from dbsbm.monitor.counting.stats import Stats
from dbsbm.monitor.store.splits import split_name, splits_of

log = logging.getLogger(__name__)

LABEL_SETS_PER_METRIC = 60
"""Series of one metric that a minute stores; the smaller ones are added up."""


class SeriesKey(NamedTuple):
    """A series without what it came to."""

    name: str
    labels: str
    kind: Kind


def condense(
    minute: Mapping[str, Stats], limit: int = LABEL_SETS_PER_METRIC
) -> dict[SeriesKey, Stats]:
    """The series of a minute, where each metric keeps the `limit` ones with the largest sums.

    Nothing is lost: what is not kept is added to the series whose labels are all `other`, and the
    series without labels is the total of its metric. Totals by one label are series of another
    name, see `splits`.
    """
    by_metric: dict[tuple[str, Kind], dict[str, Stats]] = defaultdict(dict)
    for text, stats in minute.items():
        try:
            kind, name, labels = read_series(text)
        except ValueError:
            log.warning(
                "A series has no name that can be read; it is dropped.",
                extra={"action": "monitor.refused", "series": text[:100]},
            )
            continue
        by_metric[name, kind][labels] = stats
    condensed: dict[SeriesKey, Stats] = {}
    for (name, kind), by_labels in by_metric.items():
        for labels, found in _grouped(by_labels, limit).items():
            condensed[SeriesKey(name, labels, kind)] = merged(found)
        for label in splits_of(name):
            for labels, found in _grouped(_by_value(by_labels, label), limit).items():
                if labels:  # the total is there already
                    condensed[SeriesKey(split_name(name, label), labels, kind)] = merged(found)
    return condensed


def merged(found: Iterable[Stats]) -> Stats:
    """What these came to together; they stay as they are."""
    total: Stats | None = None
    for stats in found:
        if total is None:
            total = type(stats)()
        total.merge(stats)
    return total or Stats()


def _grouped(by_labels: Mapping[str, Stats], limit: int) -> dict[str, list[Stats]]:
    largest = sorted(by_labels, key=lambda labels: (-by_labels[labels].total, labels))
    kept = set(largest[:limit])
    groups: dict[str, list[Stats]] = defaultdict(list)
    for labels, stats in by_labels.items():
        groups[""].append(stats)
        if labels:
            groups[labels if labels in kept else others_text(labels)].append(stats)
    return groups


def _by_value(by_labels: Mapping[str, Stats], label: str) -> dict[str, Stats]:
    found: dict[str, list[Stats]] = defaultdict(list)
    for labels, stats in by_labels.items():
        value = parse_labels(labels).get(label, "")
        found[labels_text([(label, value)])].append(stats)
    return {labels: merged(stats) for labels, stats in found.items()}
