"""Asks the providers, stores what they say, and renews the cache."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dbsbm.cache.cache import Cache
from dbsbm.cache.categories import Category
from dbsbm.cache.keys import Key
from dbsbm.db.engine import Database
from dbsbm.db.models import Bet, BetLeg, Game, League
from dbsbm.errors import UserError
from dbsbm.providers.base import Provider
from dbsbm.providers.errors import ProviderError
from dbsbm.providers.guard import Priority
from dbsbm.providers.leagues import LEAGUES
from dbsbm.providers.model import Fetched, GameRow
from dbsbm.sports.board import Board
from dbsbm.sports.store import store_games, store_league, store_teams

log = logging.getLogger(__name__)

# A member who asks twice in a row gets the same answer, without asking the provider again.
FRESH = timedelta(seconds=20)
BUSY = timedelta(seconds=100)  # a game is on, or about to be
QUIET = timedelta(minutes=15)
OTHER_DAYS = timedelta(hours=1)
LONG_AGO = timedelta(hours=3)
# Bets wait for games so far back, where the fleet or the provider was away when they ended.
LOOK_BACK = timedelta(days=30)
MOST_DAYS_BACK = 3

UNFINISHED = ("scheduled", "live", "suspended")


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What one refresh brought. `asked` counts questions to providers."""

    games: int
    asked: int
    provider: str


class Refresher:
    """Keeps the leagues that the fleet follows up to date, with as few calls as it can."""

    def __init__(
        self,
        database: Database,
        cache: Cache,
        board: Board,
        providers: Sequence[Provider],
        leagues: Sequence[str],
    ) -> None:
        self._database = database
        self._cache = cache
        self._board = board
        self._providers = providers
        self.leagues = tuple(leagues)

    def check_league(self, league: str) -> None:
        """Raise UserError where the fleet does not follow the league."""
        if league not in self.leagues:
            known = ", ".join(self.leagues)
            raise UserError(
                f"I do not follow a league called {league[:40]!r}. Choose from: {known}."
            )

    def refresh(self, league: str, *, priority: Priority, max_age: timedelta = FRESH) -> Refreshed:
        """Fetch today's games of a league, and other days where they are old.

        In the background also days long past whose games have bets and no result yet.

        Raises:
            UserError: The fleet does not follow the league.
            ProviderError: No provider answered for today.
        """
        self.check_league(league)
        games = asked = 0
        name = ""
        today = datetime.now(LEAGUES[league].tz).date()
        for day, limit in self._days(league, today, priority, max_age):
            if self._is_fresh(league, day, limit):
                continue
            try:
                provider, fetched = self._ask(league, day, priority)
            except ProviderError:
                if day == today:
                    raise
                continue
            asked += 1
            name = provider.name
            games += self._store(league, day, provider, fetched)
        if asked:
            self._board.warm_games(league)
        return Refreshed(games, asked, name)

    def refresh_due(self) -> dict[str, int]:
        """Refresh every league whose time has come; returns games stored by league.

        A league whose provider fails is left for the next run.
        """
        stored = {}
        for league in self.leagues:
            limit = BUSY if self._is_busy(league) else QUIET
            try:
                result = self.refresh(league, priority="background", max_age=limit)
            except ProviderError as error:
                log.warning(
                    "%s could not be refreshed: %s",
                    league,
                    error,
                    extra={"action": "games.refresh"},
                )
                continue
            if result.asked:
                stored[league] = result.games
        return stored

    def refresh_teams(self, league: str) -> int:
        """Fetch and store the teams of a league; returns how many."""
        self.check_league(league)
        for provider in self._covering(league):
            rows = provider.teams(league, priority="background").rows
            self._store_league(league, provider)
            self._database.transact(lambda session: store_teams(session, league, rows))  # noqa: B023
            return len(rows)
        return 0

    def _days(
        self, league: str, today: date, priority: Priority, max_age: timedelta
    ) -> list[tuple[date, timedelta]]:
        """The days to look at, each with how old its games may be."""
        with self._database.read() as session:
            recent, forgotten = _unfinished(session, league), _forgotten(session, league)
        yesterday = today - timedelta(days=1)
        days = [
            (today, max_age),
            (today + timedelta(days=1), OTHER_DAYS),
            # Games that began late in the evening are on when their day is over.
            (yesterday, max_age if yesterday in _days_of(league, recent) else OTHER_DAYS),
        ]
        if priority == "background":
            older = sorted(day for day in _days_of(league, forgotten) if day < yesterday)
            due = [day for day in older if not self._is_fresh(league, day, LONG_AGO)]
            days += [(day, LONG_AGO) for day in due[:MOST_DAYS_BACK]]
        return days

    def _ask(self, league: str, day: date, priority: Priority) -> tuple[Provider, Fetched[GameRow]]:
        failure: ProviderError | None = None
        for provider in self._covering(league):
            try:
                return provider, provider.games(league, day, priority=priority)
            except ProviderError as error:
                failure = error
        raise failure or ProviderError(f"No provider covers {league}.")

    def _covering(self, league: str) -> list[Provider]:
        return [provider for provider in self._providers if provider.covers(league)]

    def _store(self, league: str, day: date, provider: Provider, fetched: Fetched[GameRow]) -> int:
        self._store_league(league, provider)
        count = self._database.transact(lambda session: store_games(session, league, fetched.rows))
        self._cache.set(_fetched_key(league, day), datetime.now(UTC))
        return count

    def _store_league(self, league: str, provider: Provider) -> None:
        """Write the league down once; its row changes with the season only."""
        with self._database.read() as session:
            if session.get(League, league) is not None:
                return
        for row in provider.leagues(priority="background").rows:
            if row.key in self.leagues:
                self._database.transact(lambda session: store_league(session, row))  # noqa: B023

    def _is_fresh(self, league: str, day: date, limit: timedelta) -> bool:
        fetched: Any = self._cache.get(_fetched_key(league, day))
        return isinstance(fetched, datetime) and datetime.now(UTC) - fetched < limit

    def _is_busy(self, league: str) -> bool:
        with self._database.read() as session:
            return bool(_busy_games(session, league))


def _busy_games(session: Session, league: str) -> int:
    """Games that are on, or start within ten minutes."""
    now = datetime.now(UTC)
    count = session.scalar(
        select(func.count())
        .select_from(Game)
        .where(
            Game.league_key == league,
            Game.status.in_(UNFINISHED),
            Game.starts_at.between(now - timedelta(hours=12), now + timedelta(minutes=10)),
        )
    )
    return int(count or 0)


def _unfinished(session: Session, league: str) -> Sequence[datetime]:
    """Starts of games of the last two days that are not over."""
    now = datetime.now(UTC)
    return session.scalars(
        select(Game.starts_at).where(
            Game.league_key == league,
            Game.status.in_(UNFINISHED),
            Game.starts_at.between(now - timedelta(days=2), now),
        )
    ).all()


def _forgotten(session: Session, league: str) -> Sequence[datetime]:
    """Starts of games that should be over long since, and have open bets."""
    now = datetime.now(UTC)
    return session.scalars(
        select(Game.starts_at)
        .distinct()
        .join(BetLeg, BetLeg.game_id == Game.id)
        .join(Bet, Bet.id == BetLeg.bet_id)
        .where(
            Bet.state == "open",
            Game.league_key == league,
            Game.status.in_(UNFINISHED),
            Game.starts_at.between(now - LOOK_BACK, now - timedelta(days=1)),
        )
    ).all()


def _days_of(league: str, moments: Sequence[datetime]) -> set[date]:
    """The days of the league's calendar on which the moments lie."""
    return {moment.astimezone(LEAGUES[league].tz).date() for moment in moments}


def _fetched_key(league: str, day: date) -> Key:
    return Key.of(Category.LEAGUE_DATA, "fetched", league, day.isoformat())
