"""Writes what a provider sent into leagues, teams and games. Nothing is ever deleted."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from datetime import UTC, datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, object_session

from dbsbm.db.models import Game, League, Team
from dbsbm.providers.keys import fold_name
from dbsbm.providers.model import GameRow, LeagueRow, OddsRow, TeamRow

_OVER = {"final", "canceled", "postponed"}


def store_league(session: Session, row: LeagueRow) -> None:
    """Insert or update one league."""
    league = session.get(League, row.key)
    if league is None:
        league = League(key=row.key)
        session.add(league)
    league.name, league.sport = row.name[:100], row.sport
    league.country, league.season = row.country, row.season
    if _is_changed(league):
        league.updated_at = datetime.now(UTC)
    session.flush()


def store_teams(session: Session, league: str, rows: Iterable[TeamRow]) -> dict[str, Team]:
    """Insert or update teams; returns them by team key."""
    wanted = {_team_key(row): row for row in rows}
    known = {
        team.team_key: team
        for team in session.scalars(
            select(Team).where(Team.league_key == league, Team.team_key.in_(wanted))
        )
    }
    # In one order everywhere, so that two writers cannot wait for each other in a circle.
    for key, row in sorted(wanted.items()):
        team = known.get(key)
        if team is None:
            team = known[key] = Team(league_key=league, team_key=key)
            session.add(team)
        _copy_team(team, row)
    session.flush()
    return known


def store_games(session: Session, league: str, rows: Iterable[GameRow]) -> int:
    """Insert or update games and their teams; returns how many games there were.

    A game is found by the provider's id first, because a moved start changes its key, and a bet
    points to the row. What comes twice in one answer counts once.
    """
    wanted = {row.provider_game_id: row for row in rows}
    games = sorted(wanted.values(), key=lambda row: (row.key, row.provider_game_id))
    teams = store_teams(session, league, [team for row in games for team in (row.home, row.away)])
    known = _known_games(session, league, games)
    by_key = {game.game_key: game for game in known}
    by_id = {(game.provider, game.provider_game_id): game for game in known}
    for row in games:
        game = by_id.get((row.provider, row.provider_game_id))
        game = game or _adopted(row, by_key.get(row.key), wanted)
        if game is None:
            game = Game(game_key=_free_key(row, by_key), league_key=league, result_version=0)
            session.add(game)
            by_key[game.game_key] = game
        game.home_team_id = teams[_team_key(row.home)].id
        game.away_team_id = teams[_team_key(row.away)].id
        _copy_game(game, row)
    return len(games)


def _known_games(session: Session, league: str, rows: list[GameRow]) -> Sequence[Game]:
    if not rows:
        return []
    return session.scalars(
        select(Game).where(
            Game.league_key == league,
            or_(
                and_(
                    Game.provider == rows[0].provider,
                    Game.provider_game_id.in_([row.provider_game_id for row in rows]),
                ),
                Game.game_key.in_([row.key for row in rows]),
            ),
        )
    ).all()


def _adopted(row: GameRow, game: Game | None, wanted: Container[str]) -> Game | None:
    """The stored game of the same teams and start, where it is the same game under another id.

    It is another game where this provider still knows it by its own id (a double header whose
    second start is not set yet) or where it has moved away from that start.
    """
    if game is None or game.starts_at != row.starts_at:
        return None
    if game.provider == row.provider and game.provider_game_id in wanted:
        return None
    return game


def _free_key(row: GameRow, taken: Container[str]) -> str:
    """The game's key, told apart by the provider's id where another game has it."""
    return f"{row.key}-{row.provider}-{row.provider_game_id}" if row.key in taken else row.key


def _team_key(row: TeamRow) -> str:
    return fold_name(row.name)[:120]


def _copy_team(team: Team, row: TeamRow) -> None:
    team.name = row.name[:120]
    team.abbreviation = (row.abbreviation or row.name[:3].upper())[:16]
    # A provider that knows no colours must not wipe out those of one that does.
    team.color = f"#{row.color}" if row.color else team.color
    team.alternate_color = (
        f"#{row.alternate_color}" if row.alternate_color else team.alternate_color
    )
    if _is_changed(team):
        team.updated_at = datetime.now(UTC)


def _copy_game(game: Game, row: GameRow) -> None:
    before = _result(game)
    game.provider, game.provider_game_id = row.provider, row.provider_game_id
    game.starts_at = row.starts_at
    # A word nobody knows says nothing: what was known stays.
    game.status = row.status if row.status != "unknown" else game.status or "scheduled"
    game.detail = row.detail[:64] or None
    game.home_score, game.away_score = row.home_score, row.away_score
    game.regulation_home_score = row.regulation_home_score
    game.regulation_away_score = row.regulation_away_score
    game.shortened = row.shortened
    # No odds in an answer says nothing about those of an earlier one.
    game.odds = [_odds(price) for price in row.odds] or game.odds or []
    if _is_changed(game):
        game.fetched_at = datetime.now(UTC)
    if game.status in _OVER and _result(game) != before:
        game.result_version = (game.result_version or 0) + 1


def _is_changed(row: League | Team | Game) -> bool:
    """Tell whether a provider said anything new of a row.

    What it only said again is not written, or the cache would forget all that is made of the row.
    """
    session = object_session(row)
    return session is not None and session.is_modified(row)


def _result(game: Game) -> tuple[object, ...]:
    """All that grading looks at."""
    regulation = game.regulation_home_score, game.regulation_away_score
    return game.status, game.home_score, game.away_score, regulation, game.shortened


def _odds(row: OddsRow) -> dict[str, str | None]:
    return {
        "book": row.book,
        "market": row.market,
        "side": row.side,
        "line": None if row.line is None else str(row.line),
        "odds": str(row.price),
        "quoted": row.quoted,
    }
