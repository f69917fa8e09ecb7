"""Statements that give their connection a state of its own, so that it answers like no other.

A temporary table stands before a real one, another database or an attached file has tables of the
same names, and a variable of the session decides how a time or a text is written.
"""

from __future__ import annotations

import re
from typing import Final

_TEMPORARY: Final = re.compile(
    r"CREATE\b(?:(?!\b(?:TABLE|VIEW|TRIGGER|SEQUENCE|INDEX)\b).)*?\bTEMP(?:ORARY)?\b"
    r"|CREATE\b.*?\b(?:TABLE|VIEW|TRIGGER)\s+(?:IF\s+NOT\s+EXISTS\s+)?[`\"'\[]?TEMP[`\"'\]]?\s*\.",
    re.IGNORECASE | re.DOTALL,
)
_PRAGMA: Final = re.compile(
    r"PRAGMA\s+(?:\w+\s*\.\s*)?(?:case_sensitive_like|count_changes|empty_result_callbacks|encoding"
    r"|full_column_names|short_column_names|read_uncommitted|reverse_unordered_selects"
    r"|writable_schema)\s*[=(]",
    re.IGNORECASE,
)
_HARMLESS: Final = re.compile(
    r"(?:(?:SESSION|LOCAL|GLOBAL)\s+)?TRANSACTION\b"
    r"|@(?!@)"
    r"|(?:(?:SESSION|LOCAL|GLOBAL)\s+|@@(?:(?:SESSION|LOCAL|GLOBAL)\s*\.\s*)?)?"
    r"(?:autocommit|tx_isolation|transaction_isolation|\w+_timeout|foreign_key_checks|unique_checks)"
    r"\s*:?=",
    re.IGNORECASE,
)
"""An assignment that changes no answer, or whose effect is asked for: the isolation level."""

_FOR_ONE: Final = re.compile(r"SET\s+STATEMENT\b", re.IGNORECASE)
"""Its settings end with the statement within."""

_ALTERING: Final = frozenset({"USE", "ATTACH", "DETACH", "CALL", "EXECUTE"})


def alters(body: str, word: str) -> bool:
    """Tell whether a statement may change how its connection answers later ones.

    Args:
        body: Its text from its first word on.
        word: That word, in capitals.
    """
    if word == "SET" and not _FOR_ONE.match(body):
        return not all(_HARMLESS.match(part.strip()) for part in body[len(word) :].split(","))
    if word == "CREATE":
        return _TEMPORARY.match(body) is not None
    return word in _ALTERING or (word == "PRAGMA" and _PRAGMA.match(body) is not None)
