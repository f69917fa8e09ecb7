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
# Servers take DISTINCT and modifiers in any order, the parser only in one.
_MODIFIED = re.compile(
    r"\b(SELECT)((?:\s+(?:SQL_\w+|HIGH_PRIORITY|STRAIGHT_JOIN))+)\s+(DISTINCT(?:ROW)?)\b",
    re.IGNORECASE,
)
_VERB = re.compile(r"[\s(]*(SELECT|WITH|INSERT|REPLACE|UPDATE|DELETE)\b", re.IGNORECASE)
_MARK = "..."
_LIST_AT_END = re.compile(r"\?\s*,\s*\.\.\.\s*\Z")
_TOKENS = re.compile(r"`(?:[^`]|``)*`|\S+")
_TOKEN_BYTES = 2
# A name has at most 64 characters, and few have more than one byte for each.
_LONGEST_TOKEN = 68
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
    if is_cut_off(text):
        return None
    written = _SPELLINGS.sub(_write, text)
    if written.lstrip()[:7].upper() == "REPLACE":
        written = _REPLACE.sub("INSERT INTO ", written, count=1)
    elif written.lstrip()[:6].upper() == "INSERT":
        written = _INSERT.sub("INSERT INTO ", written, count=1)
    return _MODIFIED.sub(r"\1 \3 \2", _QUOTED_CALL.sub(r"\1", written))


def _write(found: re.Match[str]) -> str:
    return _WRITTEN.get(str(found.lastgroup), found[0])


def is_cut_off(text: str) -> bool:
    """Tell whether the end of a text is missing. A list in `?, ...` may end a whole one."""
    return bool(_CUT_OFF.search(text)) and not _LIST_AT_END.search(text)


def mark_cut_off(text: str, most: int) -> str:
    """Mark a digest's text whose end is missing, as MySQL does and MariaDB does not.

    Args:
        text: A digest's text.
        most: Bytes that the server keeps of a digest, its `max_digest_length`.
    """
    if is_cut_off(text) or _digest_bytes(text) < most - _LONGEST_TOKEN:
        return text
    return f"{text} {_MARK}"


def _digest_bytes(text: str) -> int:
    """About the bytes of the digest behind a text: sql/sql_digest.cc, `store_token_identifier`.

    A token takes two bytes; one that is a name takes two more, and the name.
    """
    return sum(
        _TOKEN_BYTES + (len(token.encode()) if token.startswith("`") else 0)
        for token in _TOKENS.findall(text)
    )
