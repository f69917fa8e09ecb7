"""API-Sports' endpoints: what each sport's API answers, inside the common envelope."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dbsbm.sandbox.providers.apisports_games import encode_game, season_of
from dbsbm.sandbox.providers.market import BOOKS, Prices, prices
from dbsbm.sandbox.providers.play import standing
from dbsbm.sandbox.providers.schedule import Game, find_game, games_between
from dbsbm.sandbox.providers.world import LEAGUES, League, Sport

HOSTS: Mapping[str, Sport] = {
    "v3.football.api-sports.io": "soccer",
    "v1.basketball.api-sports.io": "basketball",
    "v1.american-football.api-sports.io": "football",
    "v1.baseball.api-sports.io": "baseball",
    "v1.hockey.api-sports.io": "hockey",
}
_ODDS_PAGE = 10
_ODDS_DAYS = 7
Errors = dict[str, str]
Rows = Sequence[Any]


class Refused(Exception):
    """The question cannot be answered; the reasons go into `errors`."""

    def __init__(self, **errors: str) -> None:
        super().__init__()
        self.errors = errors


def envelope(
    endpoint: str,
    params: Mapping[str, str],
    rows: Rows,
    *,
    errors: Errors | None = None,
    page: int = 1,
    pages: int = 1,
) -> dict[str, Any]:
    """Return the object around every answer."""
    return {
        "get": endpoint,
        "parameters": dict(params) or [],
        "errors": errors or [],
        "results": len(rows),
        "paging": {"current": page, "total": pages},
        "response": list(rows),
    }


def answer(sport: Sport, endpoint: str, params: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """Return the answer of one endpoint of one sport's API."""
    page, pages = 1, 1
    try:
        rows: Rows = _ENDPOINTS[endpoint](sport, params, now) if endpoint in _ENDPOINTS else []
        if endpoint not in _ENDPOINTS or _misplaced(sport, endpoint):
            raise Refused(endpoint="This endpoint do not exist.")
        if endpoint == "odds" and sport == "soccer":
            page = int(params.get("page", "1"))
            pages = max(1, -(-len(rows) // _ODDS_PAGE))
            rows = rows[_ODDS_PAGE * (page - 1) : _ODDS_PAGE * page]
        elif "page" in params:
            raise Refused(page="The Page field do not exist.")
    except Refused as refused:
        return envelope(endpoint, params, [], errors=refused.errors)
    return envelope(endpoint, params, rows, page=page, pages=pages)


def _misplaced(sport: Sport, endpoint: str) -> bool:
    return endpoint == ("games" if sport == "soccer" else "fixtures")


def _leagues(sport: Sport, params: Mapping[str, str], now: datetime) -> Rows:
    listed = (league for league in LEAGUES if league.sport == sport)
    wanted = params.get("id")
    return [_league(it, now) for it in listed if wanted is None or wanted == str(it.api_id)]


def _league(league: League, now: datetime) -> dict[str, Any]:
    named = {"id": league.api_id, "name": league.name, "type": "League", "logo": None}
    country = {"name": league.country, "code": "US", "flag": None}
    nested = league.sport in {"soccer", "football"}
    label = "year" if nested else "season"
    seasons: list[dict[str, Any]] = []
    for back in (1, 0):
        season = season_of(league, now.replace(day=1) - timedelta(days=365 * back))
        year = int(str(season)[:4])
        seasons.append(
            {label: season, "start": f"{year}-07-01", "end": f"{year + 1}-06-30"}
            | ({"current": back == 0} if nested else {})
        )
    if nested:
        return {"league": named, "country": country, "seasons": seasons}
    return {**named, "country": country, "seasons": seasons}


def _teams(sport: Sport, params: Mapping[str, str], now: datetime) -> Rows:
    league = _league_and_season(sport, params, now)
    if league is None:
        return []
    teams = ({"id": t.number, "name": t.name, "logo": None} for t in league.teams)
    if sport == "soccer":
        return [
            {"team": {**team, "code": known.abbreviation}, "venue": {"id": None}}
            for team, known in zip(teams, league.teams, strict=True)
        ]
    return list(teams)


def _league_and_season(sport: Sport, params: Mapping[str, str], now: datetime) -> League | None:
    """Return the league, or None for an unknown one or a season that is not the current one."""
    if "league" not in params or "season" not in params:
        raise Refused(required="At least the league and the season are required.")
    for league in LEAGUES:
        if league.sport == sport and str(league.api_id) == params["league"]:
            # A wrong season is no error: the answer is empty.
            return league if params["season"] == str(season_of(league, now)) else None
    return None


def _games(sport: Sport, params: Mapping[str, str], now: datetime) -> Rows:
    zone = _zone(params)
    if "id" in params:
        game = find_game(sport, int(params["id"])) if params["id"].isdigit() else None
        return [encode_game(game, now, zone)] if game else []
    if "date" not in params:
        raise Refused(required="At least one parameter is required.")
    return [encode_game(game, now, zone) for game in _on_date(sport, params, zone)]


def _on_date(sport: Sport, params: Mapping[str, str], zone: ZoneInfo) -> list[Game]:
    try:
        day = date.fromisoformat(params["date"])
    except ValueError:
        raise Refused(date="The Date field must contain a valid date.") from None
    starts = datetime.combine(day, time(), zone)
    ends = datetime.combine(day + timedelta(days=1), time(), zone)
    wanted = params.get("league")
    return [
        game
        for league in LEAGUES
        if league.sport == sport and wanted in {None, str(league.api_id)}
        for game in games_between(league, starts, ends)
    ]


def _zone(params: Mapping[str, str]) -> ZoneInfo:
    try:
        return ZoneInfo(params.get("timezone", "UTC"))
    except (KeyError, ValueError):
        raise Refused(timezone="The Timezone field must contain a valid timezone.") from None


def _odds(sport: Sport, params: Mapping[str, str], now: datetime) -> Rows:
    return [
        _game_odds(game, now)
        for game in _odds_games(sport, params, now)
        if standing(game, now).phase == "scheduled"
    ]


def _odds_games(sport: Sport, params: Mapping[str, str], now: datetime) -> Iterable[Game]:
    field = "fixture" if sport == "soccer" else "game"
    if field in params:
        game = find_game(sport, int(params[field])) if params[field].isdigit() else None
        return [game] if game else []
    if sport == "football":
        raise Refused(required="The Game field is required.")
    league = _league_and_season(sport, params, now)
    if league is None:
        return []
    if "date" in params:
        return _on_date(sport, params, _zone(params))
    return games_between(league, now, now + timedelta(days=_ODDS_DAYS))


def _game_odds(game: Game, now: datetime) -> dict[str, Any]:
    moment = {"timezone": "UTC", "date": game.starts_at.astimezone(UTC).isoformat()}
    field = "fixture" if game.league.sport == "soccer" else "game"
    return {
        "league": {"id": game.league.api_id, "name": game.league.name},
        field: {"id": game.number, **moment, "timestamp": int(game.starts_at.timestamp())},
        "update": now.astimezone(UTC).isoformat(timespec="seconds"),
        "bookmakers": [
            {"id": number, "name": book, "bets": _bets(game, prices(game, book, now))}
            for number, book in enumerate(BOOKS, 1)
        ],
    }


def _bets(game: Game, asked: Prices) -> list[dict[str, Any]]:
    soccer = game.league.sport == "soccer"
    winner = [("Home", asked.home), ("Draw", asked.draw), ("Away", asked.away)]
    # Football's API prints the away side of a handicap with the home team's line.
    away_line = asked.line if soccer else -asked.line
    return [
        _bet(1, "Match Winner" if soccer else "Home/Away", winner),
        _bet(
            *(4, "Asian Handicap"),
            [
                (f"Home {asked.line:+g}", asked.home_spread),
                (f"Away {away_line:+g}", asked.away_spread),
            ],
        ),
        _bet(
            *(5, "Goals Over/Under" if soccer else "Over/Under"),
            [
                (f"Over {asked.total:g}", asked.over),
                (f"Under {asked.total:g}", asked.under),
                (f"Over {asked.total + 1:g}", round(asked.over * 1.35, 2)),
                (f"Under {asked.total + 1:g}", round(1 + (asked.under - 1) * 0.62, 2)),
            ],
        ),
        _bet(38, "Exact Goals Number", [(4, 7.0), ("more 8", 51.0)]),
    ]


def _bet(
    number: int, name: str, quotes: Iterable[tuple[str | int, float | None]]
) -> dict[str, Any]:
    values = [{"value": label, "odd": f"{price:.2f}"} for label, price in quotes if price]
    return {"id": number, "name": name, "values": values}


_ENDPOINTS: Mapping[str, Callable[[Sport, Mapping[str, str], datetime], Rows]] = {
    "leagues": _leagues,
    "teams": _teams,
    "fixtures": _games,
    "games": _games,
    "odds": _odds,
}
