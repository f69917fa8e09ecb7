"""Whether two columns can be compared as they are."""

from __future__ import annotations

from typing import Literal

from dbsbm.optimizer.server.model import Column

Difference = Literal["types", "character sets", "collations"]

TEXTS = {"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"}
INTEGERS = {"tinyint", "smallint", "mediumint", "int", "integer", "bigint"}
NUMBERS = INTEGERS | {"decimal", "numeric", "float", "double", "real", "year", "bit"}
FLOATS = {"float", "double", "real"}


def is_text(column: Column) -> bool:
    """Tell whether the column holds text with a character set."""
    return column.base in TEXTS


def difference(one: Column, other: Column) -> Difference | None:
    """What keeps two columns from being compared as they are; None if nothing does."""
    if is_text(one) and is_text(other):
        if one.charset and other.charset and _charset(one) != _charset(other):
            return "character sets"
        if one.collation and other.collation and _collation(one) != _collation(other):
            return "collations"
        return None
    is_mixed = (is_text(one) and other.base in NUMBERS) or (one.base in NUMBERS and is_text(other))
    return "types" if is_mixed else None


def converted(one: Column, other: Column) -> bool:
    """Tell which of two that differ is converted, so that its index cannot be searched: the first.

    Text is converted to numbers; a smaller character set to a greater one; and of two collations
    the one that is not binary gives way.

    Source: MySQL 8.0 Reference Manual, 10.8.4 "Collation Coercibility in Expressions" and 12.3
    "Type Conversion in Expression Evaluation".
    """
    if difference(one, other) == "types":
        return is_text(one)
    if difference(one, other) == "character sets":
        return _breadth(one) < _breadth(other)
    return not (one.collation or "").endswith("_bin")


def _charset(column: Column) -> str:
    charset = (column.charset or "").lower()
    return "utf8mb3" if charset == "utf8" else charset


def _collation(column: Column) -> str:
    return (column.collation or "").lower().replace("utf8_", "utf8mb3_")


def _breadth(column: Column) -> int:
    order = ("ascii", "latin1", "utf8mb3", "utf8mb4")
    charset = _charset(column)
    return order.index(charset) if charset in order else 1
