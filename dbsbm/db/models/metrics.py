"""What the fleet measured: series, and their points at four resolutions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Double, Index, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.dialects.mysql import VARCHAR
from sqlalchemy.orm import Mapped, mapped_column

from dbsbm.db.models.base import Base


def _exact(length: int) -> String:
    """A text that differs from another by case too, as MySQL's usual collations do not see it."""
    binary = VARCHAR(length, collation="utf8mb4_bin")
    return String(length).with_variant(binary, "mysql", "mariadb")


class MetricSeries(Base):
    """A metric with one set of labels. `labels` is canonical text such as `category=game_data`.

    `kind` is distribution, counter or gauge. The series without labels is the total of its name.
    """

    __tablename__ = "metric_series"
    __table_args__ = (UniqueConstraint("name", "labels"), Index(None, "last_seen"))

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(_exact(64))
    labels: Mapped[str] = mapped_column(_exact(190), default="")
    kind: Mapped[str] = mapped_column(String(16))
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]


class MetricPoint(Base):
    """What one series came to in the `resolution` seconds from `start`.

    A distribution's point has some of its sketch's quantiles, too: charts read these alone. There
    is no foreign key: its check would lock the series' row, which others update.
    """

    __tablename__ = "metric_points"
    __table_args__ = (Index(None, "resolution", "start"),)

    series_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    resolution: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    start: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int]
    total: Mapped[float] = mapped_column(Double)
    low: Mapped[float] = mapped_column(Double)
    high: Mapped[float] = mapped_column(Double)
    last: Mapped[float] = mapped_column(Double)
    sketch: Mapped[bytes | None] = mapped_column(LargeBinary)
    p50: Mapped[float | None] = mapped_column(Double)
    p95: Mapped[float | None] = mapped_column(Double)
    p99: Mapped[float | None] = mapped_column(Double)


class RollupDue(Base):
    """A stretch of time whose points have to be made, again, of those of the finer resolution."""

    __tablename__ = "metric_rollups_due"

    resolution: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    start: Mapped[datetime] = mapped_column(primary_key=True)


class MetricBatch(Base):
    """Readings that were handed over through the broker. Its key stores each batch only once."""

    __tablename__ = "metric_batches"
    __table_args__ = (Index(None, "taken_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    taken_at: Mapped[datetime]
    samples: Mapped[int] = mapped_column(Integer)


class Statement(Base):
    """The text of a fingerprint, without literals, for whoever is shown a series of it."""

    __tablename__ = "statements"
    __table_args__ = (Index(None, "last_seen"),)

    fingerprint: Mapped[str] = mapped_column(String(32), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    verb: Mapped[str] = mapped_column(String(64))
    table: Mapped[str] = mapped_column(String(64))
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]
