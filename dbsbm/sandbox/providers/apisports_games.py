"""One game in the layout of each of API-Sports' APIs."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from dbsbm.sandbox.providers.play import Standing, standing
from dbsbm.sandbox.providers.schedule import Game
from dbsbm.sandbox.providers.teams import Team
from dbsbm.sandbox.providers.world import League

_BREAK_LONG = {"HT": "Halftime", "BT": "Break Time"}
_PERIOD_LETTER = {"football": "Q", "basketball": "Q", "hockey": "P"}
_INNINGS = 9


def season_of(league: League, day: datetime) -> int | str:
    """Return the season of a game in the league's own notation."""
    year = day.year if day.month >= 7 else day.year - 1
    return f"{year}-{year + 1}" if league.split_season else year


def encode_game(game: Game, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Return a game as the API of its sport prints it."""
    state = standing(game, now)
    match game.league.sport:
        case "soccer":
            return _fixture(game, state, zone)
        case "football":
            return _nested_game(game, state, zone)
        case _:
            return _flat_game(game, state, zone)


def _fixture(game: Game, state: Standing, zone: ZoneInfo) -> dict[str, Any]:
    short, long = _soccer_status(state)
    seen = state.phase in {"live", "final"}
    final = state.phase == "final"
    return {
        "fixture": {
            "id": game.number,
            "referee": None,
            "timezone": zone.key,
            "date": game.starts_at.astimezone(zone).isoformat(),
            "timestamp": int(game.starts_at.timestamp()),
            "venue": {"id": game.home.number, "name": None, "city": None},
            "status": {"long": long, "short": short, "elapsed": _minute(state)},
        },
        "league": {
            "id": game.league.api_id,
            "name": game.league.name,
            "country": game.league.country,
            "season": season_of(game.league, game.starts_at),
            "round": "Regular Season",
        },
        "teams": {"home": _team(game.home), "away": _team(game.away)},
        "goals": _sides(state.home, state.away) if seen else _sides(None, None),
        "score": {
            "halftime": _part(state, 0, 1) if seen else _sides(None, None),
            "fulltime": _sides(*state.regulation) if final else _sides(None, None),
            "extratime": _part(state, 2, 4) if final and state.overtime else _sides(None, None),
            "penalty": _penalties(state),
        },
    }


def _soccer_status(state: Standing) -> tuple[str, str]:
    if state.phase == "live":
        return _soccer_live(state)
    if state.phase != "final":
        return _not_played(state, "PST")
    played = "AET" if state.overtime else "FT"
    return ("PEN" if state.shootout is not None else played), "Match Finished"


def _soccer_live(state: Standing) -> tuple[str, str]:
    if state.is_break:
        return ("HT", "Halftime") if state.period == 1 else ("BT", "Break Time")
    if state.period == 5:
        return "P", "Penalty In Progress"
    halves = ("1H", "First Half"), ("2H", "Second Half")
    return ("ET", "Extra Time") if state.overtime else halves[state.period - 1]


def _minute(state: Standing) -> int | None:
    if state.phase not in {"live", "final"}:
        return None
    ends = (45, 90, 105, 120, 120)[state.period - 1]
    if state.phase == "final" or state.is_break or not state.clock:
        return ends
    return ends - state.clock // 60 + state.played // 60 + 1


def _penalties(state: Standing) -> dict[str, int | None]:
    if state.shootout is None:
        return _sides(None, None)
    return _sides(4, 3) if state.shootout == 0 else _sides(3, 4)


def _nested_game(game: Game, state: Standing, zone: ZoneInfo) -> dict[str, Any]:
    starts = game.starts_at.astimezone(zone)
    return {
        "game": {
            "id": game.number,
            "stage": "Regular Season",
            "week": f"Week {game.starts_at.isocalendar().week}",
            "date": {
                "timezone": zone.key,
                "date": f"{starts:%Y-%m-%d}",
                "time": f"{starts:%H:%M}",
                "timestamp": int(starts.timestamp()),
            },
            "venue": {"name": None, "city": None},
            "status": _status(game, state, finished="Finished", postponed="PST"),
        },
        "league": {
            "id": game.league.api_id,
            "name": game.league.name,
            # This API prints the season as text, and takes it back as a number.
            "season": str(season_of(game.league, game.starts_at)),
            "country": {"name": game.league.country, "code": "US"},
        },
        "teams": {"home": _team(game.home), "away": _team(game.away)},
        "scores": {
            "home": _quarters(state, 0, overtime="overtime"),
            "away": _quarters(state, 1, overtime="overtime"),
        },
    }


def _flat_game(game: Game, state: Standing, zone: ZoneInfo) -> dict[str, Any]:
    starts = game.starts_at.astimezone(zone)
    finished = "Game Finished" if game.league.sport == "basketball" else "Finished"
    item: dict[str, Any] = {
        "id": game.number,
        "date": starts.isoformat(),
        "time": f"{starts:%H:%M}",
        "timestamp": int(starts.timestamp()),
        "timezone": zone.key,
        "week": None,
        "status": _status(game, state, finished=finished, postponed="POST"),
        "league": {
            "id": game.league.api_id,
            "name": game.league.name,
            "type": "League",
            "season": season_of(game.league, game.starts_at),
        },
        "country": {"id": 5, "name": game.league.country, "code": "US"},
        "teams": {"home": _team(game.home), "away": _team(game.away)},
    }
    match game.league.sport:
        case "basketball":
            item["scores"] = {
                "home": _quarters(state, 0, overtime="over_time"),
                "away": _quarters(state, 1, overtime="over_time"),
            }
        case "baseball":
            item["scores"] = {"home": _innings(state, 0), "away": _innings(state, 1)}
        case _:
            seen = state.phase in {"live", "final"}
            item["scores"] = _sides(state.home, state.away) if seen else _sides(None, None)
            item["periods"] = _hockey_periods(state)
            item["timer"] = item["status"]["timer"]
    return item


def _status(game: Game, state: Standing, *, finished: str, postponed: str) -> dict[str, Any]:
    match state.phase:
        case "final":
            short, long = _end(game, state, finished)
        case "live":
            short = _period_code(game, state)
            long = _BREAK_LONG.get(short, f"In Play {short}")
        case _:
            short, long = _not_played(state, postponed)
    status: dict[str, Any] = {"long": long, "short": short}
    if game.league.sport != "baseball":
        status["timer"] = _timer(state)
    return status


def _end(game: Game, state: Standing, finished: str) -> tuple[str, str]:
    if not state.overtime or game.league.sport == "baseball":
        return "FT", finished
    if game.league.sport == "hockey" and state.period == 5:
        return "AP", "After Penalties"
    return "AOT", "After Over Time"


def _period_code(game: Game, state: Standing) -> str:
    if game.league.sport == "baseball":
        return f"IN{state.period}"
    if state.is_break:
        return "HT" if state.period * 2 == state.regulation_periods else "BT"
    if state.overtime:
        return "PT" if game.league.sport == "hockey" and state.period == 5 else "OT"
    return f"{_PERIOD_LETTER[game.league.sport]}{state.period}"


def _timer(state: Standing) -> str | None:
    if state.phase != "live" or state.is_break or not state.clock:
        return None
    minutes, seconds = divmod(state.clock - state.played, 60)
    return f"{minutes}:{seconds:02}"


def _not_played(state: Standing, postponed: str) -> tuple[str, str]:
    if state.phase == "postponed":
        return postponed, "Game Postponed"
    return ("CANC", "Game Cancelled") if state.phase == "canceled" else ("NS", "Not Started")


def _quarters(state: Standing, side: int, *, overtime: str) -> dict[str, int | None]:
    seen = state.phase in {"live", "final"}
    points = [period[side] for period in state.by_period]
    scores: dict[str, int | None] = {
        f"quarter_{n + 1}": points[n] if n < len(points) else None for n in range(4)
    }
    scores[overtime] = sum(points[4:]) if len(points) > 4 else None
    scores["total"] = sum(points) if seen else None
    return scores


def _innings(state: Standing, side: int) -> dict[str, Any]:
    seen = state.phase in {"live", "final"}
    runs = [period[side] for period in state.by_period]
    not_batted = 1 if side == 0 and state.half == 1 else 0
    runs = runs[: len(runs) - not_batted]
    innings: dict[str, int | None] = {
        str(n + 1): runs[n] if n < len(runs) else None for n in range(_INNINGS)
    }
    innings["extra"] = sum(runs[_INNINGS:]) if len(runs) > _INNINGS else None
    total = sum(runs) if seen else None
    return {"hits": total, "errors": 0 if seen else None, "innings": innings, "total": total}


def _hockey_periods(state: Standing) -> dict[str, str | None]:
    names = ("first", "second", "third", "overtime", "penalties")
    printed = [f"{home}-{away}" for home, away in state.by_period]
    return {name: printed[n] if n < len(printed) else None for n, name in enumerate(names)}


def _part(state: Standing, first: int, last: int) -> dict[str, int | None]:
    periods = state.by_period[first:last]
    return _sides(sum(home for home, _ in periods), sum(away for _, away in periods))


def _sides(home: int | None, away: int | None) -> dict[str, int | None]:
    return {"home": home, "away": away}


def _team(team: Team) -> dict[str, Any]:
    return {"id": team.number, "name": team.name, "logo": None}
