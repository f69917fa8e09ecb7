"""The places of parameters in a statement's text, made the same for every driver."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Parameters = Sequence[Any] | Mapping[str, Any]
"""Bound values as the driver gets them."""

MARKER: Final = "dbsbm_p"
"""What a marker's name begins with, followed by the parameter's place: `:dbsbm_p0`."""

_MARKED: Final = re.compile(rf":{MARKER}(\d+)\b")

# Text that is quoted or a comment is stepped over; what remains may be a parameter.
_MYSQL: Final = re.compile(
    r"""(?P<quoted>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`[^`]*`"""
    r"""|/\*.*?\*/|--[ \t][^\n]*|\#[^\n]*)"""
    r"""|(?P<escape>%%)|%\((?P<name>\w+)\)s|(?P<next>%s)""",
    re.DOTALL,
)
_SQLITE: Final = re.compile(
    r"""(?P<quoted>'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|/\*.*?\*/|--[^\n]*)"""
    r"""|(?P<numbered>\?\d+)|(?P<next>\?)|[:@$](?P<name>\w+)""",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of a parameter: its position, or its name."""

    key: int | str

    def of(self, parameters: Parameters) -> Any:
        """Return its value.

        Raises:
            LookupError: There is no such parameter.
        """
        return parameters[self.key]  # type: ignore[index]


def marked(
    sql: str, dialect: str, *, formatted: bool = True
) -> tuple[str, tuple[Slot, ...]] | None:
    """Put a marker in the place of each parameter.

    Args:
        sql: Text as the driver gets it.
        dialect: `mysql` or `sqlite`.
        formatted: The driver of MySQL fills parameters into the text, so that `%%` means `%`.

    Returns:
        The text with markers, and the slot of each; None where places cannot be told.
    """
    if MARKER in sql:
        return None
    if dialect == "mysql" and not formatted:
        return sql, ()
    pieces: list[str] = []
    slots: list[Slot] = []
    end = position = 0
    for match in (_MYSQL if dialect == "mysql" else _SQLITE).finditer(sql):
        piece = _piece(match, dialect)
        if piece is None:
            return None
        pieces += sql[end : match.start()], piece or f":{MARKER}{len(slots)}"
        end = match.end()
        if not piece:
            name = match.groupdict().get("name")
            slots.append(Slot(position if name is None else name))
            position += name is None
    return "".join([*pieces, sql[end:]]), tuple(slots)


def _piece(match: re.Match[str], dialect: str) -> str | None:
    """What stays in the place of a match: nothing for a parameter; None if it cannot be told."""
    groups = match.groupdict()
    if groups.get("numbered") is not None:
        return None
    if groups.get("escape") is not None:
        return "%"
    if groups["quoted"] is None:
        return ""
    if dialect == "sqlite":
        return match[0]
    # MySQL's driver fills parameters in within quotes and comments too.
    plain = match[0].replace("%%", "")
    return None if "%" in plain else match[0].replace("%%", "%")


def unmarked(sql: str, style: str) -> tuple[str, tuple[int, ...]]:
    """Turn markers back into a driver's positional parameters.

    Args:
        sql: Text with markers.
        style: `?` or `%s`.

    Returns:
        The driver's text, and which marker stands in each place.
    """
    order = tuple(int(number) for number in _MARKED.findall(sql))
    if style == "%s" and order:
        sql = sql.replace("%", "%%")
    return _MARKED.sub(style, sql), order
