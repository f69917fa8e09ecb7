"""What differs between the APIs of API-Sports' sports, as data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dbsbm.providers.apisports.status import detail_of, status_of
from dbsbm.providers.fields import (
    LONGEST_ABBREVIATION,
    LONGEST_ID,
    JsonObject,
    dig,
    mapping,
    moment,
    need,
    text,
    word,
)
from dbsbm.providers.leagues import League, Sport
from dbsbm.providers.model import GameRow, TeamRow

NAME = "apisports"
Goals = tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a family's parser found in one game; None where the answer is silent.

    Attributes:
        clock: Minute or time left, as the family prints it.
        scores: Of home and away, overtime included.
        regulation: Of the 90 minutes; soccer only.
        shortened: The game, if final, ended early.
    """

    game_id: str | None
    starts_at: datetime | None
    status: JsonObject
    clock: str | None
    scores: Goals
    regulation: Goals = (None, None)
    shortened: bool = False


@dataclass(frozen=True, slots=True)
class Family:
    """One API of API-Sports.

    Attributes:
        host: Carries the version of the API.
        games_endpoint: "fixtures" in football's API, "games" in the others.
        game_field: Where an odds item keeps the game's id, and how a question names it.
        odds_by: What one question for odds covers.
        moneyline: Name of the bet on the winner that is graded like ours: "Match Winner" has
            a draw in it, and "Home/Away" counts overtime.
        total: Name of the bet on the total.
    """

    sport: Sport
    host: str
    games_endpoint: Literal["fixtures", "games"]
    game_field: Literal["fixture", "game"]
    odds_by: Literal["day", "season", "game"]
    moneyline: str
    total: str
    read: Callable[[JsonObject], Reading]
    spread: str = "Asian Handicap"

    def game(self, item: JsonObject, league: League) -> GameRow:
        """Return one item of the games endpoint as a row.

        Raises:
            Unreadable: It lacks an id, a start, or one of two named teams.
        """
        found = self.read(item)
        status = status_of(found.status)
        scores = found.scores
        if status in {"scheduled", "postponed", "canceled"}:
            scores = (None, None)
        elif status == "final" and None in scores:
            # A result without its points cannot be graded; the next answer will have them.
            status = "unknown"
        regulation = found.regulation if status == "final" else (None, None)
        return GameRow(
            provider=NAME,
            provider_game_id=need(word(found.game_id, LONGEST_ID), "id"),
            league=league.key,
            home=team_of(mapping(dig(item, "teams", "home"))),
            away=team_of(mapping(dig(item, "teams", "away"))),
            starts_at=need(found.starts_at, "start"),
            status=status,
            home_score=scores[0],
            away_score=scores[1],
            regulation_home_score=regulation[0],
            regulation_away_score=regulation[1],
            shortened=found.shortened and status == "final",
            detail=detail_of(found.status, status, found.clock),
        )


def team_of(team: JsonObject) -> TeamRow:
    """Return a team; API-Sports knows no colours.

    Raises:
        Unreadable: It has no name or no id.
    """
    return TeamRow(
        provider=NAME,
        provider_team_id=need(word(team.get("id"), LONGEST_ID), "id of a team"),
        name=need(text(team.get("name")), "name of a team"),
        abbreviation=word(team.get("code"), LONGEST_ABBREVIATION),
    )


def starts_at(times: JsonObject) -> datetime | None:
    """Return the start: the Unix timestamp, which no `timezone=` moves, or else the date."""
    return moment(times.get("timestamp")) or moment(times.get("date"))
