"""API-Football v3: soccer."""

from __future__ import annotations

from dbsbm.providers.apisports.family import Family, Reading, starts_at
from dbsbm.providers.fields import JsonObject, dig, integer, mapping, score, text


def _read(item: JsonObject) -> Reading:
    fixture, goals = mapping(item.get("fixture")), mapping(item.get("goals"))
    # `goals` counts extra time; bets are graded on the 90 minutes.
    fulltime = mapping(dig(item, "score", "fulltime"))
    status = mapping(fixture.get("status"))
    minute = integer(status.get("elapsed"))
    return Reading(
        game_id=text(fixture.get("id")),
        starts_at=starts_at(fixture),
        status=status,
        clock=f"{minute}'" if minute is not None else None,
        scores=(score(goals.get("home")), score(goals.get("away"))),
        regulation=(score(fulltime.get("home")), score(fulltime.get("away"))),
    )


FOOTBALL = Family(
    sport="soccer",
    host="v3.football.api-sports.io",
    games_endpoint="fixtures",
    game_field="fixture",
    odds_by="day",
    moneyline="Match Winner",
    total="Goals Over/Under",
    read=_read,
)
