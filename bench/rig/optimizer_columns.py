"""Columns whose values follow from the row's number, in SQL and in Python alike."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

FIRST = datetime(2024, 1, 1)  # noqa: DTZ001 (DATETIME columns have no zone)
"""The earliest time in any column."""
_SPREAD = 2**32


@dataclass(frozen=True)
class Column:
    """A column of a table that is filled from the sequence 1, 2, 3, ...

    Attributes:
        type: As CREATE TABLE has it, with NOT NULL and the like.
        sql: The value of row `seq`, as an expression.
        value: The same in Python.
    """

    name: str
    type: str
    sql: str
    value: Callable[[int], Any]


def number(
    name: str, different: int, *, sql_type: str = "INT NOT NULL", skew: int = 1, base: int = 1
) -> Column:
    """Whole numbers from `base` on; a skew over 1 makes the small ones frequent."""
    sql, value = _drawn(name, different, skew)
    return Column(name, sql_type, f"{base} + {sql}", lambda row: base + value(row))


def ascending(name: str, sql_type: str, first: int = 1) -> Column:
    """The row's own number."""
    return Column(name, sql_type, f"seq + {first - 1}", lambda row: row + first - 1)


def word(name: str, words: Sequence[str], *, sql_type: str, skew: int = 1) -> Column:
    """One of some words; a skew over 1 makes the first ones frequent."""
    sql, value = _drawn(name, len(words), skew)
    listed = ", ".join(f"'{each}'" for each in words)
    return Column(name, sql_type, f"ELT(1 + {sql}, {listed})", lambda row: words[value(row)])


def code(name: str, different: int, prefix: str, *, sql_type: str, suffix: str = "") -> Column:
    """Texts such as `AB004217`, as many as asked for."""
    sql, value = _drawn(name, different, 1)
    return Column(
        name,
        sql_type,
        f"CONCAT('{prefix}', LPAD({sql}, 6, '0'), '{suffix}')",
        lambda row: f"{prefix}{value(row):06d}{suffix}",
    )


def digits(name: str, different: int, *, sql_type: str, first: int = 1) -> Column:
    """Numbers without leading zeros, kept as text."""
    sql, value = _drawn(name, different, 1)
    return Column(
        name, sql_type, f"CAST({first} + {sql} AS CHAR)", lambda row: str(first + value(row))
    )


def zipped(name: str, different: int, *, sql_type: str) -> Column:
    """Digits that are no number: zip codes and the like, with leading zeros."""
    sql, value = _drawn(name, different, 1)
    return Column(name, sql_type, f"LPAD({sql}, 8, '0')", lambda row: f"{value(row):08d}")


def moment(name: str, days: int, *, sql_type: str = "DATETIME NOT NULL") -> Column:
    """Times, evenly over some days."""
    sql, value = _drawn(name, days * 86_400, 1)
    return Column(
        name,
        sql_type,
        f"'{FIRST}' + INTERVAL {sql} SECOND",
        lambda row: FIRST + timedelta(seconds=value(row)),
    )


def day(name: str, days: int, *, sql_type: str = "DATE NOT NULL") -> Column:
    """Days, evenly over some time; also into a text column."""
    sql, value = _drawn(name, days, 1)
    return Column(
        name,
        sql_type,
        f"DATE('{FIRST}' + INTERVAL {sql} DAY)",
        lambda row: (FIRST + timedelta(days=value(row))).date(),
    )


def seldom_null(name: str, days: int, every: int) -> Column:
    """Times that are missing in one row of `every`."""
    known = moment(name, days)
    return Column(
        name,
        "DATETIME NULL",
        f"IF(seq % {every} = 0, NULL, {known.sql})",
        lambda row: None if row % every == 0 else known.value(row),
    )


def money(name: str, most: int, *, sql_type: str = "DECIMAL(10,2) NOT NULL") -> Column:
    """Amounts with cents."""
    sql, value = _drawn(name, most * 100, 1)
    return Column(name, sql_type, f"({sql}) / 100", lambda row: value(row) / 100)


def text(name: str, size: int, *, sql_type: str = "TEXT NOT NULL") -> Column:
    """Texts of a size in characters, each different."""
    block = "MD5(CONCAT(seq, 'text'))"
    return Column(
        name,
        sql_type,
        f"RPAD({block}, {size}, {block})",
        lambda row: (_md5(f"{row}text") * (size // 32 + 1))[:size],
    )


def phrase(name: str, *, sql_type: str = "VARCHAR(120) NOT NULL") -> Column:
    """Short titles of a few hundred words."""
    first, one = _drawn(f"{name}1", 300, 1)
    second, two = _drawn(f"{name}2", 400, 1)
    return Column(
        name,
        sql_type,
        f"CONCAT(HEX(1000003 * (1 + {first})), ' ', HEX(7000003 * (1 + {second})))",
        lambda row: f"{1000003 * (1 + one(row)):X} {7000003 * (1 + two(row)):X}",
    )


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _drawn(salt: str, different: int, skew: int) -> tuple[str, Callable[[int], int]]:
    """Return a draw from 0 to `different` - 1 for every row: the SQL, and the same in Python."""
    hashed = f"CRC32(CONCAT(seq, '{salt}'))"

    def value(row: int) -> int:
        drawn = zlib.crc32(f"{row}{salt}".encode())
        return drawn % different if skew == 1 else int((drawn / _SPREAD) ** skew * different)

    if skew == 1:
        return f"({hashed} % {different})", value
    return f"FLOOR(POW({hashed} / {_SPREAD}, {skew}) * {different})", value


def serial(name: str, prefix: str, *, sql_type: str = "VARCHAR(24) NOT NULL") -> Column:
    """A text for every row that no other row has."""
    return Column(
        name,
        sql_type,
        f"CONCAT('{prefix}', LPAD(seq * 7, 8, '0'))",
        lambda row: f"{prefix}{row * 7:08d}",
    )
