"""ESPN's public scoreboard: schedule, scores and one book's odds, without a key.

The service is unofficial and has no contract: no limits are published, no rate headers are sent and
the layout changes, so calls are kept few and every shape is checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from dbsbm.providers.base import known_league
from dbsbm.providers.errors import BadAnswer, BadRequest, ProviderError, RateLimited, Unavailable
from dbsbm.providers.espn_games import parse_event, parse_team
from dbsbm.providers.fields import JsonObject, integer, items, mapping
from dbsbm.providers.gateway import Answer, Call, Gateway, OnCall
from dbsbm.providers.guard import Guard, Limits, Meter, Priority
from dbsbm.providers.http import HttpAnswer, Transport
from dbsbm.providers.leagues import LEAGUES, League
from dbsbm.providers.model import Fetched, GameRow, LeagueRow, QuotaState, TeamRow
from dbsbm.providers.rows import read_rows

RowT = TypeVar("RowT")

NAME = "espn"
_LIMITS = Limits(minute_assumed=60)
"""Our own courtesy: ESPN publishes no limit."""
_USUAL_WAIT, _LONGEST_WAIT = 60, 3600
"""Seconds: one strange header must not switch ESPN off for a year."""
_PATH = "/apis/site/v2/sports"
_ESPN_ZONE = ZoneInfo("America/New_York")
_MOST_EVENTS, _MOST_TEAMS = "500", "1000"


class EspnDialect:
    """ESPN says what is wrong by status alone."""

    def quota(self, headers: Mapping[str, str]) -> QuotaState | None:
        """Return None: ESPN sends no rate headers."""
        return None

    def refusal(self, answer: HttpAnswer, payload: Any) -> ProviderError | None:
        """Return the error a status stands for."""
        status = answer.status
        if status == 200:
            return None
        if status == 429:
            asked = integer(answer.headers.get("retry-after")) or 0
            wait = min(asked, _LONGEST_WAIT) if asked > 0 else _USUAL_WAIT
            return RateLimited(
                f"ESPN asks to wait {wait} s.", provider=NAME, retry_after=float(wait)
            )
        if status >= 500 or status in {401, 403, 408}:
            return Unavailable(f"ESPN refuses to answer (HTTP {status}).", provider=NAME)
        if status >= 400:
            return BadRequest(f"ESPN does not know what was asked (HTTP {status}).", provider=NAME)
        return BadAnswer(f"ESPN sent no data (HTTP {status}).", provider=NAME)


class Espn:
    """The adapter. Implements `dbsbm.providers.base.Provider`.

    Args:
        base_url: Scheme and host, "https://site.api.espn.com".
        on_call: Told of every call.
    """

    name = NAME

    def __init__(
        self, *, base_url: str, transport: Transport, guard: Guard, on_call: OnCall | None = None
    ) -> None:
        self._base = base_url.rstrip("/") + _PATH
        self._meter = Meter(NAME, NAME, "none", _LIMITS)
        self._gateway = Gateway(
            provider=NAME,
            transport=transport,
            guard=guard,
            dialect=EspnDialect(),
            on_call=on_call,
        )

    def covers(self, league: str) -> bool:
        """Return whether the league is in our catalogue."""
        return league in LEAGUES

    def leagues(self, *, priority: Priority = "user") -> Fetched[LeagueRow]:
        """Return the catalogue: ESPN publishes no list, so this costs no call."""
        now = datetime.now(UTC)
        rows = tuple(
            LeagueRow(
                provider=NAME,
                provider_league_id=league.espn_path,
                key=league.key,
                name=league.name,
                sport=league.sport,
                country=league.country,
                season=str(league.season_year(now.astimezone(league.tz).date())),
            )
            for league in LEAGUES.values()
        )
        return Fetched(rows, quota=None, cost=0, fetched_at=now, elapsed=0.0)

    def teams(self, league: str, *, priority: Priority = "user") -> Fetched[TeamRow]:
        """Return the league's teams, with colours."""
        params = {"limit": _MOST_TEAMS}
        answer = self._ask(known_league(NAME, league), "teams", "sports", params, priority)
        rows, gaps = read_rows(NAME, "teams", _listed_teams(answer.payload), parse_team)
        return _fetched(answer, rows, gaps)

    def games(
        self, league: str, day: date, *, with_odds: bool = True, priority: Priority = "user"
    ) -> Fetched[GameRow]:
        """Return the games of a day; their odds come along for nothing."""
        known = known_league(NAME, league)
        params = {"dates": date_range(day, known.tz), "limit": _MOST_EVENTS}
        answer = self._ask(known, "scoreboard", "events", params, priority)
        rows, gaps = read_rows(
            NAME, "games", items(answer.payload["events"]), partial(parse_event, league=known)
        )
        on_day = [row for row in rows if row.starts_at.astimezone(known.tz).date() == day]
        return _fetched(answer, on_day, gaps)

    def _ask(
        self,
        league: League,
        endpoint: str,
        holds: str,
        params: Mapping[str, str],
        priority: Priority,
    ) -> Answer:
        call = Call(
            meter=self._meter,
            endpoint=f"{{sport}}/{{league}}/{endpoint}",
            url=f"{self._base}/{league.espn_path}/{endpoint}",
            holds=holds,
            params={**league.espn_params, **params},
        )
        return self._gateway.call(call, priority)


def date_range(day: date, zone: ZoneInfo) -> str:
    """Return the `dates` that cover a day of `zone`, whether ESPN means US Eastern or UTC days."""
    starts = datetime.combine(day, time(), zone)
    ends = datetime.combine(day + timedelta(days=1), time(), zone) - timedelta(seconds=1)
    first, last = starts.astimezone(_ESPN_ZONE), ends.astimezone(UTC)
    return f"{first:%Y%m%d}-{last:%Y%m%d}"


def _listed_teams(payload: JsonObject) -> Iterator[JsonObject]:
    for sport in items(payload.get("sports")):
        for league in items(sport.get("leagues")):
            yield from (mapping(item.get("team")) for item in items(league.get("teams")))


def _fetched(answer: Answer, rows: Iterable[RowT], gaps: tuple[str, ...]) -> Fetched[RowT]:
    return Fetched(tuple(rows), answer.quota, 1, answer.at, answer.elapsed, gaps)
