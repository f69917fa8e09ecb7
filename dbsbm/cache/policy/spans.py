"""Spans of time as operators write them: `30s`, `10m`, `1h30m`, `7d`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

_UNITS: Final = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_SPAN: Final = re.compile(r"(?:\d{1,9}(?:\.\d{1,3})?(?:ms|[dhms]))+")
_PIECE: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|[dhms])")


def parse_span(text: str) -> timedelta:
    """Read a span.

    Raises:
        ValueError: It is none; the text is one sentence.
    """
    spelled = text.strip().lower()
    if _SPAN.fullmatch(spelled) is None:
        raise ValueError(f"{text[:40]!r} is no span of time; write 30s, 10m, 1h30m or 7d.")
    pieces = _PIECE.findall(spelled)
    milliseconds = sum(round(float(number) * _UNITS[unit]) for number, unit in pieces)
    return timedelta(milliseconds=milliseconds)


def spell_span(span: timedelta) -> str:
    """Write a span of at least zero so that `parse_span` reads the same; below 1 ms is dropped."""
    left, pieces = span // timedelta(milliseconds=1), []
    for unit, size in _UNITS.items():
        count, left = divmod(left, size)
        if count:
            pieces.append(f"{count}{unit}")
    return "".join(pieces) or "0s"
