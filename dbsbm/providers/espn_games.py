"""One event of ESPN's scoreboard as a game."""

from __future__ import annotations

import re

from dbsbm.providers.espn_odds import parse_odds
from dbsbm.providers.fields import (
    LONGEST_ABBREVIATION,
    LONGEST_DETAIL,
    LONGEST_ID,
    JsonObject,
    Undecided,
    dig,
    integer,
    items,
    mapping,
    moment,
    need,
    score,
    text,
    word,
)
from dbsbm.providers.leagues import League
from dbsbm.providers.model import GameRow, GameStatus, TeamRow

_CALLED_OFF: dict[str, GameStatus] = {
    "POSTPONED": "postponed",
    "CANCELED": "canceled",
    "CANCELLED": "canceled",
    "ABANDONED": "canceled",
    "FORFEIT": "canceled",
    "FINAL_AWD": "canceled",
    "SUSPENDED": "suspended",
}
_NO_SCORE = frozenset({"scheduled", "postponed", "canceled"})
_AFTER_EXTRA_TIME = re.compile(r"AET|PEN|EXTRA|SHOOTOUT")
_COLOR = re.compile(r"[0-9a-fA-F]{6}")


def parse_event(event: JsonObject, league: League) -> GameRow:
    """Return the game of one `events[]` item.

    Raises:
        Unreadable: It lacks an id, a start, or one of two named teams.
        Undecided: A team is still to be found.
    """
    competition = next(items(event.get("competitions")), {})
    sides = {side.get("homeAway"): side for side in items(competition.get("competitors"))}
    home, away = mapping(sides.get("home")), mapping(sides.get("away"))
    status = mapping(competition.get("status") or event.get("status"))
    state = _state(mapping(status.get("type")))
    scores = (None, None) if state in _NO_SCORE else (score_of(home), score_of(away))
    if state == "final" and None in scores:
        # A result without its points cannot be graded; the next answer will have them.
        state = "unknown"
    regulation = _regulation(status, home, away) if state == "final" else (None, None)
    return GameRow(
        provider="espn",
        provider_game_id=need(word(event.get("id"), LONGEST_ID), "id"),
        league=league.key,
        home=parse_team(mapping(home.get("team"))),
        away=parse_team(mapping(away.get("team"))),
        starts_at=need(moment(competition.get("date") or event.get("date")), "start"),
        status=state,
        home_score=scores[0],
        away_score=scores[1],
        regulation_home_score=regulation[0] if league.sport == "soccer" else None,
        regulation_away_score=regulation[1] if league.sport == "soccer" else None,
        shortened=state == "final" and _shortened(league, status, competition),
        detail=_detail(status, state),
        odds=parse_odds(competition.get("odds")),
    )


def parse_team(team: JsonObject) -> TeamRow:
    """Return a team.

    Raises:
        Unreadable: It has no name or no id.
        Undecided: It stands for a playoff place that is still open.
    """
    name = need(text(team.get("displayName")) or text(team.get("name")), "name of a team")
    if name.upper() == "TBD":
        raise Undecided
    return TeamRow(
        provider="espn",
        provider_team_id=need(word(team.get("id"), LONGEST_ID), "id of a team"),
        name=name,
        abbreviation=word(team.get("abbreviation"), LONGEST_ABBREVIATION),
        color=_color(team.get("color")),
        alternate_color=_color(team.get("alternateColor")),
    )


def score_of(side: JsonObject) -> int | None:
    """Return the points of a side: text on the scoreboard, `{"value": 3}` elsewhere."""
    found = side.get("score")
    return score(found.get("value") if isinstance(found, dict) else found)


def _state(kind: JsonObject) -> GameStatus:
    name = (text(kind.get("name")) or "").upper().removeprefix("STATUS_")
    if name in _CALLED_OFF:
        return _CALLED_OFF[name]
    if kind.get("completed") is True:
        return "final"
    match kind.get("state"):
        case "pre":
            return "scheduled"
        case "in":
            return "live"
        case _:
            # "post" without `completed` is over but not official: nothing may be graded on it.
            return "unknown"


def _regulation(
    status: JsonObject, home: JsonObject, away: JsonObject
) -> tuple[int | None, int | None]:
    """Return the goals of the two halves; None where extra time hides them."""
    name = (text(dig(status, "type", "name")) or "").upper()
    if (integer(status.get("period")) or 2) <= 2 and not _AFTER_EXTRA_TIME.search(name):
        return score_of(home), score_of(away)
    halves = _halves(home), _halves(away)
    return halves if None not in halves else (None, None)


def _halves(side: JsonObject) -> int | None:
    goals = [score(part.get("value")) for part in items(side.get("linescores"))][:2]
    known = [goal for goal in goals if goal is not None]
    return sum(known) if len(known) == 2 else None


def _shortened(league: League, status: JsonObject, competition: JsonObject) -> bool:
    """Return whether a baseball game ended early: other sports play their full length."""
    played = integer(status.get("period"))
    planned = integer(dig(competition, "format", "regulation", "periods"))
    return league.sport == "baseball" and bool(played and planned and played < planned)


def _detail(status: JsonObject, state: GameStatus) -> str:
    if state == "scheduled":
        return ""
    kind = mapping(status.get("type"))
    return (
        word(kind.get("shortDetail"), LONGEST_DETAIL)
        or word(kind.get("detail"), LONGEST_DETAIL)
        or ""
    )


def _color(value: object) -> str | None:
    found = text(value)
    return found.lower() if found and _COLOR.fullmatch(found) else None
