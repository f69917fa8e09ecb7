"""Which series answer a question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from dbsbm.db.models import MetricSeries
from dbsbm.monitor.counting.series import parse_labels
from dbsbm.monitor.store.points import SEEN_AGAIN
from dbsbm.monitor.store.splits import split_name, splits_of


class Asked(NamedTuple):
    """A question: a metric, from when until when, of which labels, and by which."""

    name: str
    since: datetime
    until: datetime
    where: Mapping[str, str]
    by: Sequence[str]


class Known(NamedTuple):
    """A series that is stored."""

    id: int
    name: str
    labels: str
    kind: str


Values = tuple[str, ...]
Groups = Mapping[Values, Sequence[Known]]
"""Values of the labels that something is asked by -> the series that are added up."""


class Split(NamedTuple):
    """Totals by the one label that is asked for.

    Attributes:
        total: The total of the metric, in which everything is counted.
        groups: Those of the values that are asked for.
        others: Those of all other values.
    """

    total: Known
    groups: Groups
    others: Sequence[Known]


def find(session: Session, asked: Asked) -> Groups:
    """The label sets that answer a question, or the total where it is about all of them."""
    if asked.where or asked.by:
        return _grouped(asked, label_sets(session, asked))
    is_total = (MetricSeries.name == asked.name) & (MetricSeries.labels == "")
    return _grouped(asked, _known(session, asked, is_total))


def find_split(session: Session, asked: Asked) -> Split | None:
    """Totals that are kept by the one label that a question is about."""
    labels = {*asked.where, *asked.by}
    wanted = [label for label in splits_of(asked.name) if {label} == labels]
    if not wanted:
        return None
    name = split_name(asked.name, wanted[0])
    is_total = (MetricSeries.name == asked.name) & (MetricSeries.labels == "")
    known = _known(session, asked, or_(MetricSeries.name == name, is_total))
    total = [series for series in known if series.name == asked.name]
    parts = [series for series in known if series.name == name]
    if not total or not parts:
        return None
    fitting = matching(asked, parts)
    others = [series for series in parts if series not in fitting]
    return Split(total[0], _grouped(asked, parts), others)


def label_sets(session: Session, asked: Asked) -> list[Known]:
    """The series with labels, or the one without where it is alone."""
    known = _known(session, asked, MetricSeries.name == asked.name)
    return [series for series in known if series.labels] or known


def matching(asked: Asked, known: Iterable[Known]) -> list[Known]:
    """Those that have the labels that are asked for."""
    wanted = asked.where.items()
    return [series for series in known if wanted <= parse_labels(series.labels).items()]


def _grouped(asked: Asked, known: Iterable[Known]) -> Groups:
    groups: dict[Values, list[Known]] = {}
    for series in matching(asked, known):
        labels = parse_labels(series.labels)
        values = tuple(labels.get(label, "") for label in asked.by)
        groups.setdefault(values, []).append(series)
    return groups


def _known(session: Session, asked: Asked, *which: Any) -> list[Known]:
    rows = session.execute(
        select(MetricSeries.id, MetricSeries.name, MetricSeries.labels, MetricSeries.kind).where(
            MetricSeries.last_seen >= asked.since - SEEN_AGAIN,
            MetricSeries.first_seen < asked.until,
            *which,
        )
    )
    return [Known(*row) for row in rows]
