"""Reading points: no more of each than is asked for, and many of them as one value.

The driver is written in Python and takes 40 us for a row of ten columns, many times what the server
does. So where no sketch is needed a server of the MySQL family puts the points of a series together
into one text, which is decoded in C. SQLite's driver is in C, and its rows are read as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final, Literal, NamedTuple

import msgspec
from sqlalchemy import (
    ColumnElement,
    Select,
    bindparam,
    case,
    func,
    literal,
    literal_column,
    select,
    text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import Integer

from dbsbm.db.models import MetricPoint

Stat = Literal["count", "total", "mean", "rate", "low", "high", "last", "p50", "p95", "p99"]
Only = frozenset[Stat] | None
"""The statistics that are wanted of points; None for all, and any quantile, by their sketches."""

QUANTILES: Final = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
"""Those that are stored with each point of a distribution."""


class Stretch(NamedTuple):
    """A part of a span and the resolution that it is read in."""

    resolution: int
    since: datetime
    until: datetime


# Thousands of them live for a moment, and none refers to another: no work for the collector.
class PointRow(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A stored point; what is not read of it, or what it has not, is None.

    Attributes:
        series_id: Whose it is.
        stamp: When it starts, in Unix seconds.
        number: Its count.
        total: Sum of the values.
        low: The lowest.
        high: The highest.
        last: The last one.
        p50: The median.
        p95: Quantile 0.95.
        p99: Quantile 0.99.
        sketch: The stored sketch.
    """

    series_id: int
    stamp: int
    number: int
    total: float
    low: float | None = None
    high: float | None = None
    last: float | None = None
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    sketch: bytes | None = None


class _UnixSeconds(GenericFunction[int]):
    """A stored time as a number, which a driver decodes in a tenth of the time."""

    type = Integer()
    inherit_cache = True


@compiles(_UnixSeconds)
def _of_mysql(element: Any, compiler: Any, **options: Any) -> str:
    return f"TIMESTAMPDIFF(SECOND, '1970-01-01', {compiler.process(element.clauses, **options)})"


@compiles(_UnixSeconds, "sqlite")
def _of_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return f"CAST(strftime('%s', {compiler.process(element.clauses, **options)}) AS INTEGER)"


_ALWAYS: Final = (
    MetricPoint.series_id,
    _UnixSeconds(MetricPoint.start),
    MetricPoint.count,
    MetricPoint.total,
)
_OPTIONAL: Final = ("low", "high", "last", *QUANTILES)
# Points of before quantiles were stored have their sketches alone.
_UNKNOWN: Final = MetricPoint.p50.is_(None) & MetricPoint.sketch.is_not(None)
_LONGEST_TEXT: Final = 2**24
_DECODER = msgspec.json.Decoder(list[PointRow])

# Statements are made once: to put one together costs more than to have it answered.
_WITHIN: Final = (
    MetricPoint.series_id.in_(bindparam("ids", expanding=True)),
    MetricPoint.resolution == bindparam("resolution"),
    MetricPoint.start >= bindparam("since"),
    MetricPoint.start < bindparam("until"),
)


def _points(sketch: ColumnElement[bytes | None]) -> Select[Any]:
    return (
        select(*_ALWAYS, *(getattr(MetricPoint, name) for name in _OPTIONAL), sketch)
        .where(*_WITHIN)
        .order_by(MetricPoint.series_id, MetricPoint.start)
    )


_WITH_SKETCHES: Final = _points(MetricPoint.sketch.expression)
_PLAIN: Final = _points(case((_UNKNOWN, MetricPoint.sketch)))


def read_rows(session: Session, ids: Iterable[int], stretch: Stretch, only: Only) -> list[PointRow]:
    """The points of some series in a stretch of time, each series' in the order of time."""
    wanted = sorted(ids)
    if not wanted:
        return []
    if only is None or session.get_bind().dialect.name == "sqlite":
        return _one_by_one(session, wanted, stretch, only)
    return _together(session, wanted, stretch, only)


def _one_by_one(
    session: Session, ids: Sequence[int], stretch: Stretch, only: Only
) -> list[PointRow]:
    found = session.execute(_WITH_SKETCHES if only is None else _PLAIN, _which(ids, stretch))
    return [PointRow(*row) for row in found]


def _together(
    session: Session, ids: Sequence[int], stretch: Stretch, only: frozenset[Stat]
) -> list[PointRow]:
    """The same of a server that puts the points of a series together."""
    _make_room(session)
    found: list[PointRow] = []
    unknown = []
    for series_id, joined, missing in session.execute(_joined(only), _which(ids, stretch)):
        if missing:
            unknown.append(series_id)
        else:
            found += _DECODER.decode(joined)
    return found + _one_by_one(session, unknown, stretch, only) if unknown else found


def _make_room(session: Session) -> None:
    """Texts may be long on this connection; a server cuts them at 1 KiB or 1 MiB by default."""
    known = session.connection().info
    if _LONGEST_TEXT not in known:
        session.execute(text(f"SET SESSION group_concat_max_len = {_LONGEST_TEXT}"))
        known[_LONGEST_TEXT] = True


@cache
def _joined(only: frozenset[Stat]) -> Select[int, str, int]:
    """Points as JSON: a number is written so that it is read back exactly."""
    null: ColumnElement[str] = literal_column("'null'")
    optional = (
        func.coalesce(getattr(MetricPoint, name), null) if name in only else null
        for name in _OPTIONAL
    )
    point = func.concat("[", func.concat_ws(",", *_ALWAYS, *optional), "]")
    points = func.group_concat(point.op("ORDER BY")(MetricPoint.start))
    missing = literal(0) if only.isdisjoint(QUANTILES) else func.sum(_UNKNOWN)
    return (
        select(MetricPoint.series_id, func.concat("[", points, "]"), missing)
        .where(*_WITHIN)
        .group_by(MetricPoint.series_id)
    )


def _which(ids: Sequence[int], stretch: Stretch) -> dict[str, object]:
    return {"ids": ids, **stretch._asdict()}
