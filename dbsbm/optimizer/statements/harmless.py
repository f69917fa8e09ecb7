"""Which statements may be run to see what they cost."""

from __future__ import annotations

import re

_UNSAFE = re.compile(
    r"\b(?:SLEEP|BENCHMARK|GET_LOCK|RELEASE_LOCK|RELEASE_ALL_LOCKS|LOAD_FILE|NEXTVAL|SETVAL"
    r"|\w+_(?:POS|GTID)_WAIT|WAIT_FOR_\w+)\s*\("
    r"|\bNEXT\s+VALUE\s+FOR\b|\bFOR\s+(?:UPDATE|SHARE)\b|\bLOCK\s+IN\b|\bINTO\b",
    re.IGNORECASE,
)
_VALUES = re.compile(
    r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"|`(?:[^`]|``)*`|\b\d+(?:\.\d+)?\b"
)


def is_harmless(sql: str) -> bool:
    """Tell whether a statement neither waits, nor writes a file, nor takes or frees a lock."""
    # Without its values, so that none is taken for a function.
    return not _UNSAFE.search(_VALUES.sub("?", sql))
