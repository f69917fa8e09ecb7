"""API-Sports behind the common interface."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import TypeVar

from pydantic import SecretStr

from dbsbm.providers.apisports.american_football import AMERICAN_FOOTBALL
from dbsbm.providers.apisports.baseball import BASEBALL
from dbsbm.providers.apisports.basketball import BASKETBALL
from dbsbm.providers.apisports.dialect import ApiSportsDialect
from dbsbm.providers.apisports.family import NAME, Family, team_of
from dbsbm.providers.apisports.football import FOOTBALL
from dbsbm.providers.apisports.hockey import HOCKEY
from dbsbm.providers.apisports.memo import Memo
from dbsbm.providers.apisports.odds import odds_by_game
from dbsbm.providers.apisports.seasons import current_season, league_id
from dbsbm.providers.base import known_league
from dbsbm.providers.errors import BadAnswer, ProviderError
from dbsbm.providers.fields import JsonObject, dig, integer, items, mapping, text
from dbsbm.providers.gateway import Answer, Call, Gateway, OnCall
from dbsbm.providers.guard import Guard, Limits, Meter, Priority
from dbsbm.providers.http import Transport
from dbsbm.providers.leagues import LEAGUES, League
from dbsbm.providers.model import Fetched, GameRow, LeagueRow, OddsRow, TeamRow
from dbsbm.providers.redact import Redactor, fingerprint
from dbsbm.providers.rows import read_rows

RowT = TypeVar("RowT")

FAMILIES: Mapping[str, Family] = {
    family.sport: family for family in (FOOTBALL, BASKETBALL, AMERICAN_FOOTBALL, BASEBALL, HOCKEY)
}
"""The APIs by our name of the sport."""

_FREE_PLAN_MINUTE = 10
_SEASON_SECONDS = 86_400.0
_DAY_SECONDS = 20.0
_MOST_ODDS_CALLS = 10
"""A day's odds are spread over pages of ten games, or over calls of one: this many at most."""


class _Question:
    """One question of a caller, which may take several calls.

    Attributes:
        cost: Calls made so far.
        elapsed: Seconds they took.
        last: Answer of the latest one.
    """

    def __init__(self, adapter: ApiSports, priority: Priority) -> None:
        self._adapter = adapter
        self._priority: Priority = priority
        self.cost = 0
        self.elapsed = 0.0
        self.last: Answer | None = None

    def ask(
        self, league: League, endpoint: str, params: Mapping[str, str], plan: str | None = None
    ) -> Answer:
        """Make one call. Raises `ProviderError`."""
        call = self._adapter.call(league, endpoint, params, plan)
        answer = self._adapter.gateway.call(call, self._priority)
        self.cost += 1
        self.elapsed += answer.elapsed
        self.last = answer
        return answer

    def fetched(
        self, rows: Iterable[RowT], answer: Answer, gaps: tuple[str, ...] = ()
    ) -> Fetched[RowT]:
        """Return the rows with what they cost."""
        latest = self.last or answer
        return Fetched(tuple(rows), latest.quota, self.cost, answer.at, self.elapsed, gaps)


class ApiSports:
    """The adapter. Implements `dbsbm.providers.base.Provider`.

    Args:
        base_url: Template with `{host}` for the host of each sport: "https://{host}".
        key: Sent as the header `x-apisports-key` and kept nowhere else.
        daily_limit: Most calls a UTC day for each sport; the provider's headers may lower it.
        on_call: Told of every call.
    """

    name = NAME

    def __init__(
        self,
        *,
        base_url: str,
        key: SecretStr,
        daily_limit: int,
        transport: Transport,
        guard: Guard,
        on_call: OnCall | None = None,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._credential = fingerprint(key)
        self._limits = Limits(day_cap=daily_limit, minute_assumed=_FREE_PLAN_MINUTE)
        self._seasons: Memo[str] = Memo(seconds=_SEASON_SECONDS, entries=len(LEAGUES))
        self._days: Memo[tuple[Sequence[JsonObject], Answer]] = Memo(
            seconds=_DAY_SECONDS, entries=2 * len(FAMILIES)
        )
        self.gateway = Gateway(
            provider=NAME,
            transport=transport,
            guard=guard,
            dialect=ApiSportsDialect(Redactor(key)),
            headers=lambda: {"x-apisports-key": key.get_secret_value()},
            on_call=on_call,
        )

    def covers(self, league: str) -> bool:
        """Return whether the league's sport has an API here."""
        return league in LEAGUES and LEAGUES[league].sport in FAMILIES

    def leagues(self, *, priority: Priority = "user") -> Fetched[LeagueRow]:
        """Return our leagues that the provider lists, at one call a sport.

        A sport that cannot be reached leaves a gap.

        Raises:
            ProviderError: No sport could be reached.
        """
        question = _Question(self, priority)
        rows, failures = list[LeagueRow](), list[ProviderError]()
        for family in FAMILIES.values():
            try:
                rows += self._leagues_of(family, question)
            except ProviderError as error:
                failures.append(error)
        if question.last is None:
            raise failures[0]
        return question.fetched(rows, question.last, tuple(str(error) for error in failures))

    def teams(self, league: str, *, priority: Priority = "user") -> Fetched[TeamRow]:
        """Return the teams of the current season; at most two calls.

        No teams at all leaves a gap that names the season.
        """
        known, question = known_league(NAME, league), _Question(self, priority)
        season = self._season(known, question)
        params = {"league": str(known.apisports_id), "season": season}
        answer = question.ask(known, "teams", params, _season_plan(known, season))
        found = (mapping(item.get("team", item)) for item in items(answer.payload["response"]))
        rows, gaps = read_rows(NAME, "teams", found, team_of)
        if not rows:
            gaps = (f"API-Sports lists no teams of {league} for the season {season}.",)
        return question.fetched(rows, answer, gaps)

    def games(
        self, league: str, day: date, *, with_odds: bool = True, priority: Priority = "user"
    ) -> Fetched[GameRow]:
        """Return the games of a day; odds cost further calls and leave a gap when they fail.

        The question names the day alone. A season in it would have to be right to the letter, and
        plans without current seasons still answer for the days around today.
        """
        known, question = known_league(NAME, league), _Question(self, priority)
        family = FAMILIES[known.sport]
        listed, answer = self._day(known, day, question)
        wanted = [item for item in listed if _league_number(item) == known.apisports_id]
        rows, gaps = read_rows(NAME, "games", wanted, partial(family.game, league=known))
        if with_odds and any(row.status == "scheduled" for row in rows):
            season = text(dig(wanted[0], "league", "season")) or ""
            asked = _odds_questions(known, day, season, rows)
            odds, odds_gaps = self._odds(known, asked, _season_plan(known, season), question)
            rows = [replace(row, odds=odds.get(row.provider_game_id, ())) for row in rows]
            gaps += odds_gaps
        return question.fetched(rows, answer, gaps)

    def call(
        self, league: League, endpoint: str, params: Mapping[str, str], plan: str | None
    ) -> Call:
        """Return the call that puts a question to the API of the league's sport."""
        family = FAMILIES[league.sport]
        return Call(
            meter=Meter(NAME, f"{NAME}:{league.sport}", self._credential, self._limits),
            endpoint=f"{league.sport}/{endpoint}",
            url=f"{self._base_url.replace('{host}', family.host)}/{endpoint}",
            holds="response",
            params=params,
            plan=plan,
        )

    def _leagues_of(self, family: Family, question: _Question) -> list[LeagueRow]:
        ours = [league for league in LEAGUES.values() if league.sport == family.sport]
        # The soccer list has over a thousand leagues with all their seasons; this trims it.
        params = {"current": "true"} if family.games_endpoint == "fixtures" else {}
        answer = question.ask(ours[0], "leagues", params)
        listed = {league_id(item): item for item in items(answer.payload["response"])}
        rows = (self._league_row(it, listed.get(str(it.apisports_id))) for it in ours)
        return [row for row in rows if row]

    def _league_row(self, league: League, item: JsonObject | None) -> LeagueRow | None:
        season = current_season(item, datetime.now(league.tz).date()) if item else None
        if season is None:
            return None
        self._seasons.put(league.key, season)
        return LeagueRow(
            provider=NAME,
            provider_league_id=str(league.apisports_id),
            key=league.key,
            name=league.name,
            sport=league.sport,
            country=league.country,
            season=season,
        )

    def _season(self, league: League, question: _Question) -> str:
        if season := self._seasons.get(league.key):
            return season
        answer = question.ask(league, "leagues", {"id": str(league.apisports_id)})
        row = self._league_row(league, next(items(answer.payload["response"]), None))
        if row is None:
            raise BadAnswer(f"API-Sports lists no season of {league.key}.", provider=NAME)
        return row.season

    def _day(
        self, league: League, day: date, question: _Question
    ) -> tuple[Sequence[JsonObject], Answer]:
        key = f"{league.sport} {league.zone} {day}"
        if kept := self._days.get(key):
            return kept
        params = {"date": day.isoformat(), "timezone": league.zone}
        endpoint = FAMILIES[league.sport].games_endpoint
        answer = question.ask(league, endpoint, params, f"date:{day}")
        ours = {other.apisports_id for other in LEAGUES.values() if other.sport == league.sport}
        listed = items(answer.payload["response"])
        found = [item for item in listed if _league_number(item) in ours]
        self._days.put(key, (found, answer))
        return found, answer

    def _odds(
        self,
        league: League,
        asked: Sequence[Mapping[str, str]],
        plan: str,
        question: _Question,
    ) -> tuple[dict[str, tuple[OddsRow, ...]], tuple[str, ...]]:
        found: dict[str, tuple[OddsRow, ...]] = {}
        try:
            for params in asked[:_MOST_ODDS_CALLS]:
                for page in _pages(league, params, plan, question):
                    listed = items(page.payload["response"])
                    found |= odds_by_game(listed, FAMILIES[league.sport])
        except ProviderError as error:
            return found, (f"Odds of {league.key} are incomplete: {error}",)
        if len(asked) > _MOST_ODDS_CALLS:
            return found, (f"Odds of {league.key} cover the next {_MOST_ODDS_CALLS} games only.",)
        return found, ()


def _pages(
    league: League, params: Mapping[str, str], plan: str, question: _Question
) -> Iterator[Answer]:
    page, pages = 1, 1
    while page <= min(pages, _MOST_ODDS_CALLS):
        # APIs without pages refuse the parameter, so the first page is asked for without it.
        asked = {**params, "page": str(page)} if page > 1 else params
        answer = question.ask(league, "odds", asked, plan)
        pages = integer(dig(answer.payload, "paging", "total")) or 1
        page += 1
        yield answer


def _league_number(item: JsonObject) -> int | None:
    return integer(dig(item, "league", "id"))


def _season_plan(league: League, season: str) -> str:
    return f"season:{league.apisports_id}:{season}"


def _odds_questions(
    league: League, day: date, season: str, rows: Sequence[GameRow]
) -> list[Mapping[str, str]]:
    """Return the parameters of every question for a day's odds."""
    family = FAMILIES[league.sport]
    if family.odds_by == "game":
        upcoming = sorted((r for r in rows if r.status == "scheduled"), key=lambda r: r.starts_at)
        return [{family.game_field: row.provider_game_id} for row in upcoming]
    params = {"league": str(league.apisports_id), "season": season}
    if family.odds_by == "day":
        params |= {"date": day.isoformat(), "timezone": league.zone}
    return [params]
