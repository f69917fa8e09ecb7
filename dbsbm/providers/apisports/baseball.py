"""API-Baseball v1."""

from __future__ import annotations

from dbsbm.providers.apisports.family import Family, Reading, starts_at
from dbsbm.providers.fields import JsonObject, dig, mapping, score, text


def _read(item: JsonObject) -> Reading:
    home, away = mapping(dig(item, "scores", "home")), mapping(dig(item, "scores", "away"))
    return Reading(
        game_id=text(item.get("id")),
        starts_at=starts_at(item),
        status=mapping(item.get("status")),
        clock=None,
        scores=(score(home.get("total")), score(away.get("total"))),
        shortened=_shortened(mapping(away.get("innings"))),
    )


def _shortened(visitors: JsonObject) -> bool:
    """Return whether the visitors, who bat in every inning that is played, never had a ninth."""
    return score(visitors.get("1")) is not None and score(visitors.get("9")) is None


BASEBALL = Family(
    sport="baseball",
    host="v1.baseball.api-sports.io",
    games_endpoint="games",
    game_field="game",
    odds_by="season",
    # "Match Winner" exists here too, with a draw that baseball does not have.
    moneyline="Home/Away",
    total="Over/Under",
    read=_read,
)
