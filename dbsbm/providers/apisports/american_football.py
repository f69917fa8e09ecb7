"""API-American-Football v1: the game's own facts lie one level deeper, under `game`."""

from __future__ import annotations

from dbsbm.providers.apisports.family import Family, Reading, starts_at
from dbsbm.providers.fields import JsonObject, dig, mapping, score, text


def _read(item: JsonObject) -> Reading:
    game = mapping(item.get("game"))
    status = mapping(game.get("status"))
    return Reading(
        game_id=text(game.get("id")),
        # `date.date` has no time of day and `date.time` no zone: only the timestamp will do.
        starts_at=starts_at({"timestamp": dig(game, "date", "timestamp")}),
        status=status,
        clock=text(status.get("timer")),
        scores=(
            score(dig(item, "scores", "home", "total")),
            score(dig(item, "scores", "away", "total")),
        ),
    )


AMERICAN_FOOTBALL = Family(
    sport="football",
    host="v1.american-football.api-sports.io",
    games_endpoint="games",
    game_field="game",
    odds_by="game",
    moneyline="Home/Away",
    total="Over/Under",
    read=_read,
)
