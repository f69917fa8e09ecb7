"""Leagues, teams and games, under keys of our own: providers share neither ids nor spellings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dbsbm.db.models.base import Base
from dbsbm.db.types import RowId


class League(Base):
    """A league, by its short key such as `nfl`."""

    __tablename__ = "leagues"

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    sport: Mapped[str] = mapped_column(String(32))
    country: Mapped[str | None] = mapped_column(String(64))
    season: Mapped[str | None] = mapped_column(String(16))
    updated_at: Mapped[datetime]


class Team(Base):
    """A team of a league. `team_key` is the accent-folded name, equal for every provider."""

    __tablename__ = "teams"
    __table_args__ = (
        UniqueConstraint("league_key", "team_key"),
        {"info": {"cache_scopes": (("league_key",),)}},
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    league_key: Mapped[str] = mapped_column(ForeignKey("leagues.key"))
    team_key: Mapped[str] = mapped_column(String(120))
    name: Mapped[str] = mapped_column(String(120))
    abbreviation: Mapped[str] = mapped_column(String(16))
    color: Mapped[str | None] = mapped_column(String(7))
    alternate_color: Mapped[str | None] = mapped_column(String(7))
    updated_at: Mapped[datetime]


class Game(Base):
    """A game. Scores are whole points, None before the start.

    `result_version` grows whenever a final score changes, so that grading can tell a new result
    from one it has seen. `odds` is a list of {book, market, side, line, odds}, decimals as strings.
    """

    __tablename__ = "games"
    __table_args__ = (
        UniqueConstraint("game_key"),
        UniqueConstraint("provider", "league_key", "provider_game_id"),
        Index(None, "league_key", "starts_at"),
        Index(None, "status", "starts_at"),
        {"info": {"cache_scopes": (("league_key",),)}},
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    game_key: Mapped[str] = mapped_column(String(190))
    league_key: Mapped[str] = mapped_column(ForeignKey("leagues.key"))
    home_team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"))
    away_team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"))
    starts_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(16))
    detail: Mapped[str | None] = mapped_column(String(64))
    home_score: Mapped[int | None] = mapped_column(Integer)
    away_score: Mapped[int | None] = mapped_column(Integer)
    regulation_home_score: Mapped[int | None] = mapped_column(Integer)
    regulation_away_score: Mapped[int | None] = mapped_column(Integer)
    shortened: Mapped[bool] = mapped_column(Boolean, default=False)
    result_version: Mapped[int] = mapped_column(Integer, default=0)
    odds: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    provider: Mapped[str] = mapped_column(String(32))
    provider_game_id: Mapped[str] = mapped_column(String(64))
    fetched_at: Mapped[datetime]

    league: Mapped[League] = relationship()
    home_team: Mapped[Team] = relationship(foreign_keys=[home_team_id])
    away_team: Mapped[Team] = relationship(foreign_keys=[away_team_id])
