"""How commands print: plain tables for people, JSON for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

# With a unit, from one number to another, or what a report has in place of a change.
_NUMBER = re.compile(r"[-+]?[\d.,]+(?: ?[%a-zA-Zµ/]+)?(?: -> .*)?|no comparison")


def say(text: str) -> None:
    """Print a line, or several."""
    print(text)  # noqa: T201 - this is a command line


def say_json(content: Any) -> None:
    """Print as JSON; what JSON does not know is written as text."""
    say(json.dumps(content, indent=2, default=str, ensure_ascii=False))


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Lay out rows under headings: words to the left, columns of numbers to the right."""
    lines = [list(map(str, line)) for line in (headings, *rows)]
    columns = list(zip(*lines, strict=True))
    widths = [max(map(len, column)) for column in columns]
    is_left = [
        number == 0 or not any(map(_NUMBER.fullmatch, column[1:]))
        for number, column in enumerate(columns)
    ]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if left else cell.rjust(width)
            for cell, width, left in zip(line, widths, is_left, strict=True)
        ).rstrip()
        for line in lines
    )


def spell_bytes(count: int) -> str:
    """Write a number of bytes with three digits or so: `1.21 MiB`."""
    size, units = float(count), ["B", "KiB", "MiB", "GiB"]
    while size >= 1024 and len(units) > 1:
        size /= 1024
        units.pop(0)
    return f"{size:.3g} {units[0]}" if size < 1000 else f"{size:.0f} {units[0]}"


def spell_share(share: float | None) -> str:
    """Write a share as a percentage, a dash where there is none."""
    return "-" if share is None else f"{share:.1%}"
