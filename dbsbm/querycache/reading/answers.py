"""What the database answered to a query, as the driver gave it, in a shape that is cheap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import Connection

from dbsbm.querycache.sql.markers import Parameters

Packed = tuple[tuple[str, ...], tuple[Any, ...], tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Answer:
    """Columns and rows.

    All cells are one flat tuple: it is encoded at once, and shared by its readers without a copy.

    Attributes:
        names: The columns' names.
        types: What the driver calls their types.
        cells: The values of all rows, one row after the other.
    """

    names: tuple[str, ...]
    types: tuple[Any, ...]
    cells: tuple[Any, ...]

    @classmethod
    def fetch(cls, connection: Connection, sql: str, parameters: Parameters) -> Self:
        """Ask the database.

        Args:
            connection: Where to ask.
            sql: The text as the driver gets it.
            parameters: The values as the driver gets them.
        """
        result = connection.exec_driver_sql(sql, parameters)
        described = result.cursor.description if result.cursor is not None else None
        columns = [(column[0], column[1]) for column in described or ()]
        names, types = zip(*columns, strict=True)
        return cls(names, types, tuple(cell for row in result for cell in row))

    @classmethod
    def unpack(cls, packed: Packed) -> Self:
        """Make it of what `pack` returned."""
        return cls(*packed)

    def pack(self) -> Packed:
        """Return it as a value of the cache."""
        return self.names, self.types, self.cells

    def description(self) -> list[tuple[Any, ...]]:
        """Return the columns as a driver's cursor describes them (PEP 249)."""
        return [
            (name, kind, None, None, None, None, None)
            for name, kind in zip(self.names, self.types, strict=True)
        ]

    def rows(self) -> list[tuple[Any, ...]]:
        """Return the rows as a driver's cursor fetches them."""
        return list(zip(*[iter(self.cells)] * len(self.names), strict=True))
