"""API-Basketball v1."""

from __future__ import annotations

from dbsbm.providers.apisports.family import Family, Reading, starts_at
from dbsbm.providers.fields import JsonObject, dig, mapping, score, text


def _read(item: JsonObject) -> Reading:
    status = mapping(item.get("status"))
    return Reading(
        game_id=text(item.get("id")),
        starts_at=starts_at(item),
        status=status,
        clock=text(status.get("timer")),
        scores=(
            score(dig(item, "scores", "home", "total")),
            score(dig(item, "scores", "away", "total")),
        ),
    )


BASKETBALL = Family(
    sport="basketball",
    host="v1.basketball.api-sports.io",
    games_endpoint="games",
    game_field="game",
    odds_by="season",
    moneyline="Home/Away",
    total="Over/Under",
    read=_read,
)
