"""Answers in ESPN's layout, written for these tests; teams and books are invented."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any


def as_sent(body: Any) -> Any:
    """The value as it comes off the wire: fractions are Decimals."""
    return json.loads(json.dumps(body), parse_float=Decimal)


NEW_ODDS: dict[str, Any] = as_sent(
    {
        "provider": {"id": "7", "name": "Harbour Odds", "priority": 1},
        "details": "CFE -155",
        "overUnder": 8.5,
        "spread": -1.5,
        "homeTeamOdds": {"favorite": True},
        "awayTeamOdds": {"favorite": False},
        "moneyline": {
            "home": {"open": {"odds": "-140"}, "close": {"odds": "-155"}},
            "away": {"open": {"odds": "+120"}, "close": {"odds": "+135"}},
            "draw": {"close": {"odds": "+300"}},
        },
        "pointSpread": {
            "home": {"close": {"line": "-1.5", "odds": "+125"}},
            "away": {"close": {"line": "+1.5", "odds": "-145"}},
        },
        "total": {
            "over": {"close": {"line": "o8.5", "odds": "-110"}},
            "under": {"close": {"line": "u8.5", "odds": "EVEN"}},
        },
    }
)

OLD_ODDS: dict[str, Any] = as_sent(
    {
        "provider": {"id": "8", "name": "Tally", "priority": 0},
        "details": "CFE -3.0",
        "overUnder": 44,
        "overOdds": -105,
        "underOdds": -115,
        "spread": -3.0,
        "homeTeamOdds": {"favorite": True, "moneyLine": -160, "spreadOdds": -110},
        "awayTeamOdds": {"favorite": False, "moneyLine": 140, "spreadOdds": -110},
    }
)


def status(
    name: str, state: str, *, completed: bool = False, detail: str = "", period: int = 0
) -> dict[str, Any]:
    """A status as it stands in a competition."""
    return {
        "clock": 0,
        "displayClock": "0:00",
        "period": period,
        "type": {
            "id": "1",
            "name": f"STATUS_{name}",
            "state": state,
            "completed": completed,
            "detail": detail,
            "shortDetail": detail,
        },
    }


SCHEDULED = status("SCHEDULED", "pre", detail="9/11 - 4:25 PM EDT")
FINAL = status("FINAL", "post", completed=True, detail="Final", period=4)


def side(home_away: str, number: int, name: str, score: Any = "0", **more: Any) -> dict[str, Any]:
    """One competitor."""
    return {
        "id": str(number),
        "homeAway": home_away,
        "team": {
            "id": str(number),
            "abbreviation": name[:3].upper(),
            "displayName": name,
            "color": "00264E",
            "alternateColor": "ffffff",
        },
        "score": score,
        **more,
    }


def event(
    status: dict[str, Any] = SCHEDULED,
    *,
    home: dict[str, Any] | None = None,
    away: dict[str, Any] | None = None,
    start: str = "2026-09-11T20:25Z",
    **competition: Any,
) -> dict[str, Any]:
    """One event of a scoreboard."""
    return {
        "id": "401",
        "date": start,
        "status": status,
        "competitions": [
            {
                "id": "401",
                "date": start,
                "competitors": [
                    home or side("home", 5, "Cinder Falls Embers"),
                    away or side("away", 9, "Silver Bay Otters"),
                ],
                "status": status,
                **competition,
            }
        ],
    }
