"""What findings say alike: names of objects, the evidence of a statement, numbers in sentences."""

from __future__ import annotations

from typing import Any

from dbsbm.optimizer.server.model import Index, Load, Table

_DIGEST = 12
_LONGEST_OBJECT = 190


def table_name(table: Table) -> str:
    """`schema.table`."""
    return f"{table.schema}.{table.name}"


def index_name(table: Table, index: Index) -> str:
    """`schema.table.index`."""
    return f"{table_name(table)}.{index.name}"[:_LONGEST_OBJECT]


def column_name(table: Table, column: str) -> str:
    """`schema.table.column`."""
    return f"{table_name(table)}.{column}"[:_LONGEST_OBJECT]


def columns_name(table: Table, columns: tuple[str, ...]) -> str:
    """`schema.table(a, b)`."""
    return f"{table_name(table)}({', '.join(columns)})"[:_LONGEST_OBJECT]


def statement_object(name: str, load: Load) -> str:
    """A column's or a table's name, and the statement in which something is wrong with it."""
    place = f" in {load.digest[:_DIGEST]}"
    return name[: _LONGEST_OBJECT - len(place)] + place


def statement_evidence(load: Load) -> dict[str, Any]:
    """What was seen of a statement: never a value that it was run with."""
    return {
        "statement": load.text,
        "calls": load.calls,
        "rows_examined": load.rows_examined,
        "rows_sent": load.rows_sent,
        "seconds": round(load.seconds, 6),
        "source": load.source,
    }


def rows_read(load: Load) -> float:
    """Rows that a run reads."""
    return load.rows_examined / max(load.calls, 1)


def rows_given(load: Load) -> float:
    """Rows that a run sends or changes."""
    return (load.rows_sent or load.rows_affected) / max(load.calls, 1)


def spoken(number: float) -> str:
    """A number of rows in a sentence."""
    return f"{number:,.0f}" if number >= 10 or number == int(number) else f"{number:.1f}"


def counted(number: float, one: str, many: str = "") -> str:
    """A number and what it counts: `1 row`, `7 rows`.

    Args:
        number: How many.
        one: What one of them is called, with its verb where it has one: `row is`.
        many: What several are called, where that is not `one` with an s.
    """
    said = spoken(number)
    return f"{said} {one if said == '1' else many or one + 's'}"


def listed(names: tuple[str, ...] | list[str]) -> str:
    """`a`, `a and b`, or `a, b and c`."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
