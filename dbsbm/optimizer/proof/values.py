"""Values for statements of which no run is known: common and rare ones, narrow and wide ranges.

All are drawn from the copy, and given back to the server alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dbsbm.optimizer.proof.bench import Bench
from dbsbm.optimizer.proof.shadow import Shadow
from dbsbm.optimizer.server.model import Column, Table
from dbsbm.optimizer.server.quoting import quoted
from dbsbm.optimizer.statements.filling import Wanted

_SAMPLE = 1_000
_SEED = 7
_BEGIN = 3
_UNREAD = ("blob", "json", "geometry", "point", "linestring", "polygon", "bit")
_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Draw:
    """A way to draw values.

    Attributes:
        rank: Of the value by how common it is: 0 for the most common, 1 for the rarest.
        low: Share of the values that lie below a lower bound.
        high: Share of the values that lie below an upper bound.
    """

    name: str
    rank: float
    low: float
    high: float


DRAWS: Final = (
    Draw("common", 0.0, 0.5, 0.5),
    Draw("typical", 0.5, 0.2, 0.25),
    Draw("rare", 1.0, 0.02, 0.98),
)
"""Low and high make narrow and wide ranges, both of one bound and of two."""


class Values:
    """Values of the copied tables' columns."""

    def __init__(self, bench: Bench, shadow: Shadow, tables: Sequence[Table]) -> None:
        self._bench = bench
        self._tables = {(table.schema, table.name): table for table in tables}
        self._rows = {key: _sample(bench, shadow, table) for key, table in self._tables.items()}

    def drawing(self, draw: Draw) -> Drawing:
        """Values for one variant of a statement."""
        return Drawing(self._bench, self._rows, self._tables, draw)


class Drawing:
    """Gives values as `statements.filling` asks for them; those of one table are of one row."""

    def __init__(
        self,
        bench: Bench,
        rows: Mapping[tuple[str, str], Sequence[Mapping[str, Any]]],
        tables: Mapping[tuple[str, str], Table],
        draw: Draw,
    ) -> None:
        self._bench = bench
        self._rows = rows
        self._tables = tables
        self._draw = draw
        self._chosen: dict[tuple[str, str], Mapping[str, Any]] = {}
        self._asked: set[tuple[tuple[str, str], str]] = set()

    def __call__(self, key: tuple[str, str], name: str, wanted: Wanted, number: int) -> str:
        """A value as SQL, of the column's own type."""
        value = self._value(key, name.lower(), wanted, number)
        if value is None:
            return "NULL" if self._rows.get(key) else "1"
        if wanted == "begin":
            return self._bench.literal(str(value)[:_BEGIN] + "%")
        return self._bench.literal(value)

    def _value(self, key: tuple[str, str], name: str, wanted: Wanted, number: int) -> Any:
        rows = [row for row in self._rows.get(key, ()) if row.get(name) is not None]
        if not rows:
            return None
        if wanted in {"low", "high"}:
            share = self._draw.low if wanted == "low" else self._draw.high
            ordered = sorted((row[name] for row in rows), key=_order)
            return ordered[min(int(share * len(ordered)), len(ordered) - 1)]
        if (key, name) in self._asked:  # a further value of a list, or of another use
            return rows[(number * len(rows) // 7) % len(rows)][name]
        self._asked.add((key, name))
        return self._row(key, name, rows)[name]

    def _row(
        self, key: tuple[str, str], name: str, rows: Sequence[Mapping[str, Any]]
    ) -> Mapping[str, Any]:
        if key not in self._chosen:
            counted = Counter(_order(row[name]) for row in rows).most_common()
            value = counted[min(int(self._draw.rank * len(counted)), len(counted) - 1)][0]
            self._chosen[key] = next(row for row in rows if _order(row[name]) == value)
        chosen = self._chosen[key]
        return chosen if chosen.get(name) is not None else rows[0]


def _sample(bench: Bench, shadow: Shadow, table: Table) -> list[Mapping[str, Any]]:
    names = ", ".join(_selected(each) for each in table.columns.values() if _is_read(each))
    if not names:
        return []
    share = min(1.0, 2 * _SAMPLE / max(table.rows, 1))
    return bench.rows(
        f"SELECT {names} FROM {shadow.name(table.schema, table.name)} "  # noqa: S608 - names are quoted
        f"WHERE RAND({_SEED}) < {share:.9f} LIMIT {_SAMPLE}"
    )


def _selected(column: Column) -> str:
    name = quoted(column.name)
    return f"LEFT({name}, {_CHARACTERS}) AS {name}" if "text" in column.base else name


def _is_read(column: Column) -> bool:
    return not column.base.endswith(_UNREAD)


def _order(value: Any) -> Any:
    """A key by which the values of one column can be sorted and counted."""
    return value if not isinstance(value, (bytes, set)) else str(value)
