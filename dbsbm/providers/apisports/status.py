"""API-Sports' status codes. Every sport has its own few, and no code means two things."""

from __future__ import annotations

import re

from dbsbm.providers.fields import LONGEST_DETAIL, JsonObject, text, word
from dbsbm.providers.model import GameStatus

_CODES: dict[GameStatus, str] = {
    "scheduled": "NS TBD",
    "live": "1H HT 2H ET BT P LIVE Q1 Q2 Q3 Q4 OT P1 P2 P3 PT",
    "final": "FT AET PEN AOT AP",
    "postponed": "PST POST",
    # An awarded or abandoned game has no result that was played for.
    "canceled": "CANC ABD AWD WO AW",
    "suspended": "SUSP INT INTR",
}
_BY_CODE = {code: status for status, codes in _CODES.items() for code in codes.split()}
_INNING = re.compile(r"IN(\d+)")
_BREAKS = frozenset({"HT", "BT"})
_FINAL_DETAIL = {
    "FT": "Final",
    "AOT": "Final/OT",
    "AET": "Final/ET",
    "PEN": "Final/Pens",
    "AP": "Final/SO",
}


def status_of(status: JsonObject) -> GameStatus:
    """Return what a `{"short": ..., "long": ...}` stands for."""
    code = (text(status.get("short")) or "").upper()
    if code in _BY_CODE:
        return _BY_CODE[code]
    if _INNING.fullmatch(code):
        return "live"
    # American football has answered "Final/OT" without a code of its own.
    finished = (text(status.get("long")) or "").startswith(("Finished", "Final", "After Over"))
    return "final" if finished else "unknown"


def detail_of(status: JsonObject, state: GameStatus, clock: str | None) -> str:
    """Return period and clock as a person reads them; empty before the start."""
    code = word(status.get("short"), 8) or ""
    long = word(status.get("long"), LONGEST_DETAIL) or ""
    if state == "scheduled":
        return ""
    if state == "final":
        return _FINAL_DETAIL.get(code, long)
    if state != "live":
        return long or code
    if inning := _INNING.fullmatch(code):
        return f"Inning {inning[1]}"
    return f"{code} {clock}"[:LONGEST_DETAIL] if clock and code not in _BREAKS else code
