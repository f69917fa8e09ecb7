"""The shape of a statement, read once from its text."""

from __future__ import annotations

import re

from dbsbm.monitor.readings.fingerprint import fingerprint
from dbsbm.optimizer.repetition.shape import Shape

_READS = frozenset({"select", "with"})
_WRITES = frozenset({"insert", "update", "delete", "replace"})

_MARK = r"(?:%\([^)]*\)s|%s|\?|:\w+|[-+]?[\d.]+|'(?:[^'\\]|\\.|'')*'|NULL|DEFAULT)"
_TUPLE = rf"\(\s*{_MARK}(?:\s*,\s*{_MARK})*\s*\)"
_IN = re.compile(rf"\bIN\s*({_TUPLE})", re.IGNORECASE)
_ROWS = re.compile(rf"\bVALUES\s*({_TUPLE}(?:\s*,\s*{_TUPLE})*)", re.IGNORECASE)
_ROW_END = re.compile(r"\)\s*,\s*\(")

# These read a fingerprint's text, where every value is a question mark.
_OFFSET = re.compile(r"\bOFFSET\b|\bLIMIT \?\s*,", re.IGNORECASE)
_LIMIT = re.compile(r"\bLIMIT\b", re.IGNORECASE)
_RANGE = re.compile(r"[<>]=? ?\?|\bBETWEEN \? AND \?", re.IGNORECASE)
_EQUALITY = re.compile(r"(?<![<>!])= ?\?|\bIN \(\?\+\)", re.IGNORECASE)


def statement_shape(sql: str, dialect: str) -> Shape | None:
    """Recognise a statement by its text, as the driver gets it.

    Returns:
        None for what no row asks for: settings, transactions, savepoints.
    """
    known = fingerprint(sql, dialect)
    if known.verb not in _READS and known.verb not in _WRITES:
        return None
    writes = known.verb in _WRITES
    return Shape(
        "sql",
        known.id,
        batch=_batch(sql, writes=writes),
        walks=_walks(known.text),
        writes=writes,
    )


def _batch(sql: str, *, writes: bool) -> int:
    if writes and (rows := _ROWS.search(sql)) is not None:
        return len(_ROW_END.findall(rows[1])) + 1
    return max((found[1].count(",") + 1 for found in _IN.finditer(sql)), default=1)


def _walks(text: str) -> bool:
    if _OFFSET.search(text):
        return True
    if not _RANGE.search(text):
        return False
    # A range beside an equality is a page only where it is cut off: otherwise it is a row's own
    # part of another table, such as a member's bets since Monday.
    return bool(_LIMIT.search(text)) or not _EQUALITY.search(text)
