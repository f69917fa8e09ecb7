"""Writing points: each series has an id, and a point that is there already takes more in."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import delete, func, insert, select, tuple_, update
from sqlalchemy.orm import Session

from dbsbm.db.models import MetricPoint, MetricSeries, RollupDue
from dbsbm.monitor.counting.series import Kind, others_text
from dbsbm.monitor.counting.sketch import Sketch
from dbsbm.monitor.counting.stats import Stats
from dbsbm.monitor.store.condense import SeriesKey, merged
from dbsbm.monitor.store.resolutions import MINUTE, TEN_MINUTES, floor
from dbsbm.monitor.store.rows import QUANTILES

SERIES_PER_NAME = 1000
"""Label sets that a metric may have in the database; further ones are stored as `other`."""

SEEN_AGAIN = timedelta(hours=1)
"""`last_seen` is this exact: a series that is always there is not written every minute."""

# SQLite's parser takes so many row values in one IN.
_CHUNK = 200

# What the stored ones begin with; those of before begin as MessagePack.
_ZLIB = b"\x78"

POINT = (
    *(MetricPoint.series_id, MetricPoint.start, MetricPoint.count.label("number")),
    MetricPoint.total,
    *(MetricPoint.low, MetricPoint.high, MetricPoint.last, MetricPoint.sketch),
)
"""The columns of a point. `number` is its count: a row is a tuple, and has a method `count`."""


def add_minute(session: Session, start: datetime, found: Mapping[SeriesKey, Stats]) -> int:
    """Add what was counted in a minute to its points, and have the coarser ones made again.

    Returns:
        Points written.
    """
    if not found:
        return 0
    mark_due(session, TEN_MINUTES, start)
    by_id = _by_series_id(session, start, found)
    rows = session.execute(
        select(*POINT)
        .where(
            MetricPoint.resolution == MINUTE,
            MetricPoint.start == start,
            MetricPoint.series_id.in_(by_id),
        )
        .with_for_update()
    ).all()
    for row in rows:
        by_id[row.series_id] = merged([stats_of(row), by_id[row.series_id]])
    _delete(session, MINUTE, start, [row.series_id for row in rows])
    insert_points(session, MINUTE, start, by_id)
    return len(by_id)


def insert_points(
    session: Session, resolution: int, start: datetime, by_id: Mapping[int, Stats]
) -> None:
    """Insert points that are not there."""
    if by_id:
        rows = [_values(resolution, start, *each) for each in sorted(by_id.items())]
        session.execute(insert(MetricPoint), rows)


def stats_of(row: Any) -> Stats:
    """What a row of `POINT` says."""
    if row.sketch is None:
        return Stats(row.number, row.total, row.low, row.high, row.last)
    data = zlib.decompress(row.sketch) if row.sketch.startswith(_ZLIB) else row.sketch
    return Sketch.from_bytes(data, total=row.total, low=row.low, high=row.high, last=row.last)


def packed(sketch: Sketch) -> bytes:
    """A sketch as it is stored, in half the bytes: fewer pages are read for a chart."""
    return zlib.compress(sketch.to_bytes(), level=1)


def mark_due(session: Session, resolution: int, at: datetime) -> None:
    """Have the points of `resolution` around `at` made again.

    The row is locked: who makes them has either not read its sources yet, or has ended and taken
    the row away, so that it is made anew.
    """
    start = floor(at, resolution)
    if session.get(RollupDue, (resolution, start), with_for_update=True) is None:
        session.add(RollupDue(resolution=resolution, start=start))
        session.flush()


def _values(resolution: int, start: datetime, series_id: int, stats: Stats) -> dict[str, Any]:
    return {
        "series_id": series_id,
        "resolution": resolution,
        "start": start,
        "count": stats.count,
        "total": stats.total,
        "low": stats.low,
        "high": stats.high,
        "last": stats.last,
        "sketch": packed(stats) if isinstance(stats, Sketch) else None,
        **dict(zip(QUANTILES, _quantiles(stats), strict=True)),
    }


def _quantiles(stats: Stats) -> Sequence[float | None]:
    """Those that are stored, so that a chart of these points need not read their sketches."""
    if isinstance(stats, Sketch) and stats.count:
        return stats.quantiles(*QUANTILES.values())
    return [None for _ in QUANTILES]


def _delete(session: Session, resolution: int, start: datetime, series_ids: Sequence[int]) -> None:
    if series_ids:
        session.execute(
            delete(MetricPoint).where(
                MetricPoint.resolution == resolution,
                MetricPoint.start == start,
                MetricPoint.series_id.in_(series_ids),
            )
        )


def _by_series_id(
    session: Session, at: datetime, found: Mapping[SeriesKey, Stats]
) -> dict[int, Stats]:
    """The statistics by their series' ids; series that are not there yet are made."""
    known = _known(session, at, found)
    missing = [key for key in found if key not in known]
    if missing:
        known |= _register(session, at, missing)
    by_id: dict[int, Stats] = {}
    for key, stats in found.items():
        series_id = known[key]
        by_id[series_id] = merged([by_id[series_id], stats]) if series_id in by_id else stats
    return by_id


def _known(session: Session, at: datetime, keys: Iterable[SeriesKey]) -> dict[SeriesKey, int]:
    """The ids of the series that are there, which are seen again."""
    kinds = {(key.name, key.labels): key for key in keys}
    pairs = iter(sorted(kinds))
    ids: dict[SeriesKey, int] = {}
    unseen, earlier = [], []
    while chunk := list(islice(pairs, _CHUNK)):
        rows = session.execute(
            select(
                *(MetricSeries.id, MetricSeries.name, MetricSeries.labels),
                *(MetricSeries.first_seen, MetricSeries.last_seen),
            ).where(tuple_(MetricSeries.name, MetricSeries.labels).in_(chunk))
        )
        for series_id, name, labels, first_seen, last_seen in rows:
            ids[kinds[name, labels]] = series_id
            if last_seen < at - SEEN_AGAIN:
                unseen.append(series_id)
            if first_seen > at:
                earlier.append(series_id)
    for found, seen in ((unseen, {"last_seen": at}), (earlier, {"first_seen": at})):
        if found:
            session.execute(
                update(MetricSeries).where(MetricSeries.id.in_(sorted(found))).values(seen)
            )
    return ids


def _register(session: Session, at: datetime, keys: Sequence[SeriesKey]) -> dict[SeriesKey, int]:
    """Make series, as many as their names may have; the others share the one of the `other`s."""
    names = sorted({key.name for key in keys})
    counts = select(MetricSeries.name, func.count()).where(MetricSeries.name.in_(names))
    room: Counter[str] = Counter(dict.fromkeys(names, SERIES_PER_NAME))
    for name, count in session.execute(counts.group_by(MetricSeries.name)):
        room[name] -= count
    places = {}
    for key in keys:
        room[key.name] -= 1
        has_room = room[key.name] >= 0 or not key.labels
        places[key] = key if has_room else key._replace(labels=others_text(key.labels))
    wanted = set(places.values())
    ids = _known(session, at, wanted)
    fresh = sorted(wanted - ids.keys(), key=lambda key: (key.name, key.labels))
    rows = [_series(key, at) for key in fresh]
    session.add_all(rows)
    session.flush()
    ids |= dict(zip(fresh, (row.id for row in rows), strict=True))
    return {key: ids[place] for key, place in places.items()}


def _series(key: SeriesKey, at: datetime) -> MetricSeries:
    kind: Kind = key.kind
    return MetricSeries(
        name=key.name, labels=key.labels, kind=kind.value, first_seen=at, last_seen=at
    )
