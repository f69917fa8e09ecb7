"""Which series answer a question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Select, bindparam, or_, select
from sqlalchemy.orm import Session

from dbsbm.db.models import MetricSeries
from dbsbm.monitor.counting.series import parse_labels
from dbsbm.monitor.store.points import SEEN_AGAIN
from dbsbm.monitor.store.splits import split_name, splits_of

# Made once: to put a statement together costs more than to have it answered.
_SEEN = select(MetricSeries.id, MetricSeries.name, MetricSeries.labels, MetricSeries.kind).where(
    MetricSeries.last_seen >= bindparam("since"), MetricSeries.first_seen < bindparam("until")
)
_IS_NAMED = MetricSeries.name == bindparam("name")
_IS_TOTAL = _IS_NAMED & (MetricSeries.labels == "")
_ALL = _SEEN.where(_IS_NAMED)
_TOTAL = _SEEN.where(_IS_TOTAL)
_SPLIT_AND_TOTAL = _SEEN.where(or_(MetricSeries.name == bindparam("split"), _IS_TOTAL))


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
    return _grouped(asked, _known(session, asked, _TOTAL))


def find_split(session: Session, asked: Asked) -> Split | None:
    """Totals that are kept by the one label that a question is about."""
    labels = {*asked.where, *asked.by}
    wanted = [label for label in splits_of(asked.name) if {label} == labels]
    if not wanted:
        return None
    name = split_name(asked.name, wanted[0])
    known = _known(session, asked, _SPLIT_AND_TOTAL, split=name)
    total = [series for series in known if series.name == asked.name]
    parts = [series for series in known if series.name == name]
    if not total or not parts:
        return None
    fitting = matching(asked, parts)
    others = [series for series in parts if series not in fitting]
    return Split(total[0], _grouped(asked, parts), others)


def label_sets(session: Session, asked: Asked) -> list[Known]:
    """The series with labels, or the one without where it is alone."""
    known = _known(session, asked, _ALL)
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


def _known(
    session: Session, asked: Asked, which: Select[int, str, str, str], **names: str
) -> list[Known]:
    span = {"since": asked.since - SEEN_AGAIN, "until": asked.until}
    return [Known(*row) for row in session.execute(which, {"name": asked.name, **span, **names})]
