"""What every adapter offers."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from dbsbm.providers.errors import BadRequest
from dbsbm.providers.guard import Priority
from dbsbm.providers.leagues import LEAGUES, League
from dbsbm.providers.model import Fetched, GameRow, LeagueRow, TeamRow


class Provider(Protocol):
    """A source of leagues, teams and games.

    Every method asks the provider's guard first and raises a
    `dbsbm.providers.errors.ProviderError` when it has nothing to return.
    """

    @property
    def name(self) -> str:
        """The provider's short name, such as "espn"."""

    def covers(self, league: str) -> bool:
        """Return whether the provider knows a league key, without asking it."""

    def leagues(self, *, priority: Priority = "user") -> Fetched[LeagueRow]:
        """Return the leagues it covers, with their current seasons."""

    def teams(self, league: str, *, priority: Priority = "user") -> Fetched[TeamRow]:
        """Return the teams of a league's current season."""

    def games(
        self, league: str, day: date, *, with_odds: bool = True, priority: Priority = "user"
    ) -> Fetched[GameRow]:
        """Return the games of one day with status, scores and, where it has them, odds.

        Args:
            league: Our league key.
            day: A calendar day in the league's own time zone (`League.zone`): the day on which its
                schedule prints the game, which in UTC may be the day before.
            with_odds: False spares the calls for odds where they cost extra.
            priority: Who waits for the answer.
        """


def known_league(provider: str, key: str) -> League:
    """Return the league of the catalogue.

    Raises:
        BadRequest: There is no such league.
    """
    league = LEAGUES.get(key)
    if league is None:
        raise BadRequest(f"{provider} has no league {key[:40]!r}.", provider=provider)
    return league
