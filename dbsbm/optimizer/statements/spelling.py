"""Brings texts of digests, of the monitor and of the slow log into SQL that a parser can read."""

from __future__ import annotations

import re

MANY = "many_values"
"""Stands as a named parameter where a text tells of a list of unknown length."""

_QUOTED = r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"|`(?:[^`]|``)*`"
# What is quoted comes first, so that nothing within quotes is taken for a spelling.
_SPELLINGS = re.compile(
    rf"(?P<quoted>{_QUOTED})"
    r"|(?P<more_rows>/\* , \.\.\. \*/)"
    r"|(?P<page>\bLIMIT\s+\?\s*,\s*(?:\.\.\.|\?))"
    r"|(?P<list>\(\s*(?:\.\.\.|\?\+)\s*\))"
    r"|(?P<run>\?\s*,\s*\.\.\.|\?\+)"
    r"|(?P<unit>\bSQL_TSI_(?=[A-Z]))",
    re.IGNORECASE | re.DOTALL,
)
_WRITTEN = {
    "more_rows": " ",
    "page": "LIMIT ?, ?",
    "list": f"(:{MANY})",
    "run": f"?, :{MANY}",
    "unit": "",
}
_REPLACE = re.compile(r"\s*REPLACE\s+(?:LOW_PRIORITY\s+|DELAYED\s+)?(?:INTO\s+)?", re.IGNORECASE)
_INSERT = re.compile(
    r"\s*INSERT\s+(?:(?:LOW_PRIORITY|DELAYED|HIGH_PRIORITY|IGNORE)\s+)*(?:INTO\s+)?", re.IGNORECASE
)
# Digests quote functions that are no keywords, as in `json_extract` ( `a` , ? ).
_QUOTED_CALL = re.compile(
    r"(?<![.\w`])(?<!INTO )(?<!TABLE )(?<!UPDATE )(?<!WITH )(?<!AS )(?<!RECURSIVE )"
    r"`(\w+)`(?= ?\()",
    re.IGNORECASE,
)
_VERB = re.compile(r"[\s(]*(SELECT|WITH|INSERT|REPLACE|UPDATE|DELETE)\b", re.IGNORECASE)
_CUT_OFF = re.compile(r"(?<![?,(])\s*\.\.\.\s*\Z")


def verb_of(text: str) -> str:
    """The statement's verb in lower case; empty for one that neither reads nor writes rows."""
    found = _VERB.match(text)
    return found[1].lower() if found else ""


def parsable(text: str) -> str | None:
    """The text as plain MySQL with `?` for values, None if its end is cut off.

    Sources of the spellings: MySQL 8.0 Reference Manual, 29.10 "Performance Schema Statement
    Digests and Sampling"; MariaDB Server, sql/sql_digest.cc.
    """
    if _is_cut_off(text):
        return None
    written = _SPELLINGS.sub(_write, text)
    if written.lstrip()[:7].upper() == "REPLACE":
        written = _REPLACE.sub("INSERT INTO ", written, count=1)
    elif written.lstrip()[:6].upper() == "INSERT":
        written = _INSERT.sub("INSERT INTO ", written, count=1)
    return _QUOTED_CALL.sub(r"\1", written)


def _write(found: re.Match[str]) -> str:
    return _WRITTEN.get(str(found.lastgroup), found[0])


def _is_cut_off(text: str) -> bool:
    # A list in `?, ...` may end a statement, and is not cut off there.
    return bool(_CUT_OFF.search(text)) and not re.search(r"\?\s*,\s*\.\.\.\s*\Z", text)
