"""ESPN's scoreboard and team list, in the layout of 2026."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from dbsbm.sandbox.providers.market import BOOKS, american, prices
from dbsbm.sandbox.providers.play import Standing, standing
from dbsbm.sandbox.providers.schedule import Game, games_between
from dbsbm.sandbox.providers.teams import Team
from dbsbm.sandbox.providers.world import League

_EASTERN = ZoneInfo("America/New_York")
_ORDINALS = {1: "1st", 2: "2nd", 3: "3rd"}
_ODDITIES = ("null", "list of null", "missing", "off")
_ODDITY_SHARE = 0.15
"""Part of the games whose odds are one of the things that ESPN sends instead of odds."""

Status = tuple[str, str, str, bool, str]
"""Id, name, state, completed, detail."""


def parse_dates(dates: str | None, now: datetime) -> tuple[date, date]:
    """Return the first and last day of "20261120" or "20261120-20261121"; without it, today.

    Raises:
        ValueError: It is neither.
    """
    if not dates:
        today = now.astimezone(_EASTERN).date()
        return today, today
    first, _, last = dates.partition("-")
    return _day(first), _day(last or first)


def _day(digits: str) -> date:
    return datetime.strptime(digits, "%Y%m%d").replace(tzinfo=UTC).date()


def scoreboard(league: League, first: date, last: date, now: datetime) -> dict[str, Any]:
    """Return the answer for the US Eastern days from `first` to `last`."""
    starts = datetime.combine(first, time(), _EASTERN)
    ends = datetime.combine(last + timedelta(days=1), time(), _EASTERN)
    return {
        "leagues": [_league(league, now)],
        "season": {"type": 2, "year": now.year},
        "day": {"date": first.isoformat()},
        "events": [_event(game, now) for game in games_between(league, starts, ends)],
    }


def team_list(league: League) -> dict[str, Any]:
    """Return the answer of the teams endpoint."""
    listed = [{"team": {**_team(league, team), "isActive": True}} for team in league.teams]
    return {"sports": [{"id": "1", "leagues": [{"id": str(league.api_id), "teams": listed}]}]}


def _league(league: League, now: datetime) -> dict[str, Any]:
    return {
        "id": str(league.api_id),
        "name": league.name,
        "abbreviation": league.key.upper(),
        "slug": league.espn_path.partition("/")[2],
        "season": {"year": now.year, "type": {"id": "2", "type": 2, "name": "Regular Season"}},
        "calendarType": "day",
    }


def _event(game: Game, now: datetime) -> dict[str, Any]:
    event_id = f"40{game.league.api_id:03}{game.number}"
    state = standing(game, now)
    status = _status(game, state)
    competition: dict[str, Any] = {
        "id": event_id,
        "date": _iso(game.starts_at),
        "startDate": _iso(game.starts_at),
        "neutralSite": False,
        "competitors": [
            _competitor(game, state, 0),
            _competitor(game, state, 1),
        ],
        "status": status,
        "format": {"regulation": {"periods": state.regulation_periods}},
    }
    _add_odds(competition, game, now)
    return {
        "id": event_id,
        "date": _iso(game.starts_at),
        "name": f"{game.away.name} at {game.home.name}",
        "shortName": f"{game.away.abbreviation} @ {game.home.abbreviation}",
        "competitions": [competition],
        "status": status,
    }


def _competitor(game: Game, state: Standing, side: int) -> dict[str, Any]:
    team = (game.home, game.away)[side]
    points = (state.home, state.away)
    competitor: dict[str, Any] = {
        "id": str(team.number),
        "type": "team",
        "order": side,
        "homeAway": ("home", "away")[side],
        "team": _team(game.league, team),
        "score": str(points[side]),
        "records": [{"name": "overall", "type": "total", "summary": "0-0"}],
    }
    if state.phase in {"live", "final"}:
        competitor["linescores"] = [{"value": period[side]} for period in state.by_period]
    if state.phase == "final":
        competitor["winner"] = _wins(state, side)
    return competitor


def _wins(state: Standing, side: int) -> bool:
    if state.shootout is not None:
        return state.shootout == side
    return (state.home > state.away) if side == 0 else (state.away > state.home)


def _team(league: League, team: Team) -> dict[str, Any]:
    return {
        "id": str(team.number),
        "abbreviation": team.abbreviation,
        "displayName": team.name,
        "shortDisplayName": team.name.rsplit(" ", 1)[-1],
        "location": team.name,
        "color": team.color,
        "alternateColor": team.alternate_color,
        "slug": f"{league.key}-{team.number}",
    }


def _status(game: Game, state: Standing) -> dict[str, Any]:
    number, name, phase, completed, detail = _status_parts(game, state)
    clock = _clock(game, state)
    return {
        "clock": max(0, state.clock - state.played) if state.phase == "live" else 0,
        "displayClock": clock,
        "period": state.period,
        "type": {
            "id": number,
            "name": f"STATUS_{name}",
            "state": phase,
            "completed": completed,
            "description": name.replace("_", " ").title(),
            "detail": detail,
            "shortDetail": detail,
        },
    }


def _status_parts(game: Game, state: Standing) -> Status:
    soccer = game.league.sport == "soccer"
    match state.phase:
        case "scheduled":
            start = game.starts_at.astimezone(_EASTERN)
            hour = f"{start.hour % 12 or 12}:{start:%M %p}"
            return "1", "SCHEDULED", "pre", False, f"{start.month}/{start.day} - {hour} ET"
        case "postponed":
            return "6", "POSTPONED", "post", False, "Postponed"
        case "canceled":
            return "5", "CANCELED", "post", False, "Canceled"
        case "final":
            return _soccer_end(state) if soccer else _end(game, state)
        case "live":
            return _soccer_live(game, state) if soccer else _live(game, state)


def _end(game: Game, state: Standing) -> Status:
    detail = "Final/OT" if state.overtime else "Final"
    if game.league.sport == "baseball" and state.overtime:
        detail = f"Final/{state.period}"
    return "3", "FINAL", "post", True, detail


def _live(game: Game, state: Standing) -> Status:
    return "2", "IN_PROGRESS", "in", False, _live_detail(game, state)


def _soccer_end(state: Standing) -> Status:
    if state.shootout is not None:
        return "47", "FINAL_PEN", "post", True, "FT-Pens"
    if state.overtime:
        return "45", "FINAL_AET", "post", True, "AET"
    return "28", "FULL_TIME", "post", True, "FT"


def _soccer_live(game: Game, state: Standing) -> Status:
    if state.is_break:
        return "23", "HALFTIME", "in", False, "HT"
    if state.period == 5:
        return "46", "SHOOTOUT", "in", False, "Pens"
    if state.overtime:
        return "44", "EXTRA_TIME", "in", False, _clock(game, state)
    number, name = ("25", "FIRST_HALF") if state.period == 1 else ("26", "SECOND_HALF")
    return number, name, "in", False, _clock(game, state)


def _live_detail(game: Game, state: Standing) -> str:
    period = _ORDINALS.get(state.period, f"{state.period}th")
    if game.league.sport == "baseball":
        return f"{'Top' if state.half == 1 else 'Bot'} {period}"
    if state.is_break and state.period * 2 == state.regulation_periods:
        return "Halftime"
    if state.overtime:
        period = "OT"
    return f"End of {period}" if state.is_break else f"{_clock(game, state)} - {period}"


def _clock(game: Game, state: Standing) -> str:
    if game.league.sport == "soccer":
        before = (0, 45, 90, 105, 120)[max(0, state.period - 1)]
        return f"{before + min(state.played, state.clock) // 60 + (state.phase == 'live')}'"
    minutes, seconds = divmod(max(0, state.clock - state.played), 60)
    return f"{minutes}:{seconds:02}" if state.phase == "live" else "0:00"


def _add_odds(competition: dict[str, Any], game: Game, now: datetime) -> None:
    chance = Random(f"oddity {game.seed}")  # noqa: S311
    odd = not game.league.always_on and chance.random() < _ODDITY_SHARE
    match chance.choice(_ODDITIES) if odd else "none":
        case "null":
            competition["odds"] = None
        case "list of null":
            competition["odds"] = [None]
        case "missing":
            pass
        case "off":
            entry = _odds(game, now)
            entry["total"] = {
                "over": {"close": {"line": "OFF", "odds": "OFF"}},
                "under": {"close": {"line": "OFF", "odds": "OFF"}},
            }
            competition["odds"] = [entry]
        case _:
            competition["odds"] = [_odds(game, now)]


def _odds(game: Game, now: datetime) -> dict[str, Any]:
    asked = prices(game, BOOKS[0], now)
    favourite, price = (
        (game.home, asked.home) if asked.home <= asked.away else (game.away, asked.away)
    )
    entry: dict[str, Any] = {
        "provider": {"id": "900", "name": BOOKS[0], "priority": 1},
        "details": f"{favourite.abbreviation} {american(price)}",
        "overUnder": asked.total,
        "spread": asked.line,
        "homeTeamOdds": {"favorite": favourite is game.home},
        "awayTeamOdds": {"favorite": favourite is game.away},
        "moneyline": {
            "home": {"close": {"odds": american(asked.home)}},
            "away": {"close": {"odds": american(asked.away)}},
        },
        "pointSpread": {
            "home": {"close": {"line": f"{asked.line:+g}", "odds": american(asked.home_spread)}},
            "away": {"close": {"line": f"{-asked.line:+g}", "odds": american(asked.away_spread)}},
        },
        "total": {
            "over": {"close": {"line": f"o{asked.total:g}", "odds": american(asked.over)}},
            "under": {"close": {"line": f"u{asked.total:g}", "odds": american(asked.under)}},
        },
    }
    if asked.draw is not None:
        entry["moneyline"]["draw"] = {"close": {"odds": american(asked.draw)}}
    return entry


def _iso(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%MZ}"
