"""Column types that mean the same on MySQL, MariaDB and SQLite."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Numeric
from sqlalchemy.dialects.mysql import DATETIME
from sqlalchemy.types import TypeDecorator, TypeEngine

# SQLite counts rows by itself only where the key is spelled INTEGER.
RowId = BigInteger().with_variant(Integer, "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time with microseconds. Refuses naive times, whose meaning is a guess."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Keep microseconds on MySQL, whose DATETIME drops them by default."""
        if dialect.name in {"mysql", "mariadb"}:
            return dialect.type_descriptor(DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC without its zone: the column's name is the promise."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored; use datetime.now(UTC)")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back."""
        return None if value is None else value.replace(tzinfo=UTC)


class FixedPoint(TypeDecorator[Decimal]):
    """A Decimal with a fixed scale: DECIMAL on MySQL, a scaled integer on SQLite.

    SQLite has no decimal type and would keep a binary float; a scaled integer is exact, and sums
    and comparisons in SQL stay right.
    """

    impl = Numeric
    cache_ok = True

    def __init__(self, precision: int, scale: int) -> None:
        super().__init__(precision, scale)
        self.digits = precision
        self.places = scale

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the storage for the dialect."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(Numeric(self.digits, self.places))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """Scale for SQLite. More places than the column has are an error, not a rounding."""
        if value is None:
            return None
        exact = Decimal(value).quantize(Decimal(1).scaleb(-self.places))
        if exact != value:
            raise ValueError(f"{value} has more than {self.places} decimal places")
        return int(exact.scaleb(self.places)) if dialect.name == "sqlite" else exact

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Scale back."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            return Decimal(value).scaleb(-self.places)
        return Decimal(value)


Units = FixedPoint(12, 4)
DecimalOdds = FixedPoint(10, 4)
Line = FixedPoint(8, 2)
