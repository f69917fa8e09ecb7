"""Which season is the current one, in the notation of the league.

Football and American football count by the year of the start (2026), most basketball leagues write
"2026-2027". A wrong season is no error to API-Sports: it answers with nothing. So no season is ever
guessed; it is taken from the list that the provider itself gives.
"""

from __future__ import annotations

from datetime import date
from functools import partial

from dbsbm.providers.fields import JsonObject, dig, items, text

_OPENING_DAYS = 45
"""A season this close before its start is the one whose teams and games are asked for."""


def league_id(item: JsonObject) -> str | None:
    """Return the id of an item of `/leagues`, in either of its two layouts."""
    return text(dig(item, "league", "id")) or text(item.get("id"))


def current_season(item: JsonObject, today: date) -> str | None:
    """Return the label of the season that counts today, or None when none is listed."""
    listed = [season for season in items(item.get("seasons")) if _label(season)]
    flagged = [season for season in listed if season.get("current") is True]
    best = max(flagged or listed, key=partial(_nearness, today=today), default=None)
    return _label(best) if best else None


def _label(season: JsonObject) -> str | None:
    return text(season.get("year")) or text(season.get("season"))


def _nearness(season: JsonObject, today: date) -> tuple[bool, str]:
    """Order seasons: begun (or about to) before the future ones, then the latest start."""
    starts = text(season.get("start")) or ""
    try:
        begun = (date.fromisoformat(starts) - today).days <= _OPENING_DAYS
    except ValueError:
        begun = False
    return begun, starts
